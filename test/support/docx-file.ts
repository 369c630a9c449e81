import { type ZipItem, zipOf } from './zip-writer.ts';

export const W = 'http://schemas.openxmlformats.org/wordprocessingml/2006/main';
const REL = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const TYPE = 'application/vnd.openxmlformats-officedocument.wordprocessingml';

/** A paragraph of one run, or of the runs as given. */
export const p = (text: string, properties = ''): string =>
  `<w:p>${properties === '' ? '' : `<w:pPr>${properties}</w:pPr>`}${text.startsWith('<') ? text : run(text)}</w:p>`;

export const run = (text: string, look = ''): string =>
  `<w:r>${look === '' ? '' : `<w:rPr>${look}</w:rPr>`}<w:t xml:space="preserve">${text}</w:t></w:r>`;

export interface DocxShape {
  body: string;
  /** Parts beside the body, by their name in `word/`: `header1.xml`. */
  parts?: Record<string, string>;
  /** More entries, as they are. */
  extra?: ZipItem[];
}

const TYPES: Record<string, string> = { styles: 'styles', settings: 'settings', comments: 'comments' };

/** A Word document as small as one can be. */
export function docxFile({ body, parts = {}, extra = [] }: DocxShape): Buffer {
  const names = Object.keys(parts);
  const kindOf = (name: string): string => TYPES[name.replace(/\.xml$/, '')] ?? name.replace(/\d*\.xml$/, '');
  const overrides = names.map((n) => `<Override PartName="/word/${n}" ContentType="${TYPE}.${kindOf(n)}+xml"/>`);
  const relations = names.map((n, i) => `<Relationship Id="rId${i + 1}" Type="${REL}/${kindOf(n)}" Target="${n}"/>`);
  const head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
  return zipOf([
    {
      name: '[Content_Types].xml',
      content: `${head}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="${TYPE}.document.main+xml"/>${overrides.join('')}</Types>`,
    },
    {
      name: '_rels/.rels',
      content: `${head}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="${REL}/officeDocument" Target="word/document.xml"/></Relationships>`,
    },
    {
      name: 'word/document.xml',
      content: `${head}<w:document xmlns:w="${W}" xmlns:r="${REL}" xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml"><w:body>${body}<w:sectPr/></w:body></w:document>`,
    },
    {
      name: 'word/_rels/document.xml.rels',
      content: `${head}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${relations.join('')}</Relationships>`,
    },
    ...names.map((name) => ({ name: `word/${name}`, content: head + parts[name]! })),
    ...extra,
  ]);
}
