import { SaxesParser } from 'saxes';
import { expect, it } from 'vitest';
import { packageDiff } from '../../../../src/realdoc/kinds/package-diff.ts';
import { docx } from '../../../../src/realdoc/office/docx/index.ts';
import { flatten, indexFlat, partsOf } from '../../../../src/realdoc/office/flat.ts';
import { packFlat } from '../../../../src/realdoc/office/pack.ts';
import { recognise } from '../../../../src/realdoc/office/recognise.ts';
import { parseXml } from '../../../../src/realdoc/office/xml.ts';
import { inflateEntry, readZip } from '../../../../src/realdoc/office/zip.ts';
import { TextTree } from '../../../../src/realdoc/text/tree.ts';
import { readTarZst } from '../../../support/tar-zst.ts';
import { testData } from '../../../support/test-data.ts';

const archives = ['office/open-xml-sample.tar.zst', 'officebench/one-app-tasks.tar.zst'].map((path) => testData(path));
const files = archives.flatMap((path) =>
  [...(path ? readTarZst(path) : [])]
    .filter(([name]) => /\.(?:docx|xlsx|pptx|odt|ods)$/.test(name))
    .map(([name, bytes]) => ({ name, bytes })),
);

function flatOf(file: Buffer): Buffer {
  const directory = readZip(file);
  const contents = directory.entries.map((entry) => inflateEntry(file, entry));
  const texts = directory.entries.map(({ name }, i) => {
    return /\.(?:xml|rels|vml)$/i.test(name) && !contents[i]!.includes(0) ? contents[i] : undefined;
  });
  const kind = recognise((name) => contents[directory.entries.findIndex((entry) => entry.name === name)])!;
  expect(kind).toBeDefined();
  return flatten(file, kind, directory, texts);
}

it.skipIf(files.length === 0)('every file of real programs comes back byte for byte from its flat form', async () => {
  for (const { name, bytes } of files) {
    const tree = TextTree.of(flatOf(bytes));
    const pieces: Buffer[] = [];
    for await (const piece of packFlat(tree, indexFlat(tree))) pieces.push(piece);
    expect(Buffer.concat(pieces).equals(bytes), name).toBe(true);
  }
});

it.skipIf(files.length === 0)('what one file became as another is a change that leads from one to the other', () => {
  const few = files.filter(({ bytes }) => bytes.length < 60_000).slice(0, 40);
  for (let i = 1; i < few.length; i++) {
    const [a, b] = [flatOf(few[i - 1]!.bytes), flatOf(few[i]!.bytes)];
    expect(TextTree.of(a).apply(packageDiff(a, b)).toBuffer().equals(b), few[i]!.name).toBe(true);
    expect(packageDiff(a, a)).toEqual([]);
  }
});

it.skipIf(files.length === 0)('every Word document shows its text, and our positions spell what is read', () => {
  const documents = files.filter(({ name }) => name.endsWith('.docx'));
  for (const { name, bytes } of documents.slice(0, 60)) {
    const flat = flatOf(bytes);
    const source = { bytes: flat.length, slice: (from: number, to: number) => flat.subarray(from, to) };
    const parts = partsOf(source, indexFlat(source));
    for (const line of docx.view(parts)) {
      const spelled = parts[line.part]!.bytes.toString('utf8', line.from, line.to);
      expect(spelled, name).toMatch(/^<[\w:]*p[ />].*(?:<\/[\w:]*p>|\/>)$/s);
    }
    const main = parts.find((part) => part.name === 'word/document.xml');
    if (!main) continue;
    // The text of the whole part, as the parser itself decodes it.
    let theirs = '';
    const saxes = new SaxesParser();
    saxes.on('text', (text) => {
      theirs += text;
    });
    saxes.write(main.bytes.toString('utf8')).close();
    // What stands before and behind the root is nobody's text.
    expect(parseXml(main.bytes).text.trim()).toBe(theirs.trim());
  }
});
