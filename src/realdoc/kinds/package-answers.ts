import type { PartAim, ViewLine } from '../office/kind.ts';
import type { ZipDirectory } from '../office/zip.ts';
import { isObject, isOffset, isText, type Members } from '../parse/sane.ts';

/** Entries lie one behind the other inside the file, each header within the central directory. */
export function saneDirectory(value: unknown, file: Buffer): value is ZipDirectory {
  if (!isObject(value) || !Array.isArray(value['entries'])) return false;
  const { central, tail, entries } = value as unknown as ZipDirectory;
  if (!isOffset(tail, file.length) || !isOffset(central, tail)) return false;
  let at = 0;
  for (const entry of entries as unknown[]) {
    if (!isObject(entry) || !isText(entry['name'])) return false;
    const order = [at, entry['local'], entry['data'], entry['dataEnd'], entry['end'], central];
    const inCentral = [central, entry['central'], entry['centralEnd'], tail];
    if (!rises(order) || !rises(inCentral)) return false;
    const numbers = ['method', 'size', 'crc'].map((name) => entry[name]);
    if (!numbers.every((n) => isOffset(n, Number.MAX_SAFE_INTEGER))) return false;
    at = entry['end'] as number;
  }
  return true;
}

function rises(values: readonly unknown[]): boolean {
  return values.every(
    (value, i) => isOffset(value, Number.MAX_SAFE_INTEGER) && (i === 0 || value >= (values[i - 1] as number)),
  );
}

export function saneView(value: unknown, parts: readonly { bytes: Buffer }[]): value is ViewLine[] {
  return Array.isArray(value) && value.every((line) => isObject(line) && isSaneLine(line, parts));
}

function isSaneLine(line: Members, parts: readonly { bytes: Buffer }[]): boolean {
  const { text, prefix, address, part, from, to, level } = line;
  if (!isText(text) || /[\r\n]/.test(text) || !text.isWellFormed()) return false;
  if (prefix !== undefined && (!isText(prefix) || !text.startsWith(prefix))) return false;
  if (address !== undefined && !isText(address)) return false;
  if (level !== undefined && !isOffset(level, 100)) return false;
  return isRange(from, to, part, parts);
}

function isRange(from: unknown, to: unknown, part: unknown, parts: readonly { bytes: Buffer }[]): boolean {
  if (!isOffset(part, parts.length - 1)) return false;
  const size = parts[part]!.bytes.length;
  return isOffset(from, size) && isOffset(to, size) && from <= to;
}

/** Splices lie inside their part and put in nothing that would end it. */
export function saneAims(value: unknown, parts: readonly { bytes: Buffer }[], verbs: number): value is PartAim[] {
  if (!Array.isArray(value)) return false;
  return value.every((aim) => {
    if (!isObject(aim) || !isObject(aim['region']) || !isObject(aim['lines']) || !Array.isArray(aim['splices'])) {
      return false;
    }
    const { verb, part, region, lines, splices } = aim as unknown as PartAim;
    if (!isOffset(verb, verbs) || verb === 0 || !isRange(region.from, region.to, part, parts)) return false;
    if (!isOffset(lines.from, Number.MAX_SAFE_INTEGER) || !isOffset(lines.to, Number.MAX_SAFE_INTEGER)) return false;
    const size = parts[part]!.bytes.length;
    return (splices as readonly unknown[]).every((splice) => {
      if (!isObject(splice)) return false;
      const { at, del, ins } = splice;
      return isOffset(at, size) && isOffset(del, size - at) && isText(ins) && !ins.includes('\0');
    });
  });
}
