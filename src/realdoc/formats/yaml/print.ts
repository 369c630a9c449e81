import { isAlias, isCollection, isScalar, isSeq, type Node, parseDocument, type Scalar } from 'yaml';

/** What surrounds the value that is written. */
export interface Surrounding {
  isInFlow: boolean;
  /** Spaces before the key or dash that the value belongs to. */
  indent: number;
  /** Spaces before the value itself. */
  column: number;
  eol: string;
}

/**
 * New text in place of a value, in the style of the old one: quoted stays quoted, a block stays a block, a string stays
 * a string. Plain text that YAML would read as something else gets double quotes; over what was no quoted string, a flow
 * list or map is taken as it is. `old` is the spelling of the value.
 */
export function printValue(node: Node | null, old: string, lines: readonly string[], at: Surrounding): string {
  const text = lines.join('\n');
  if (isScalar(node)) {
    if (node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED') return blockOf(old, lines, at);
    if (node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE') {
      if (isQuoted(text)) return text;
      return node.type === 'QUOTE_SINGLE' && lines.length === 1
        ? `'${text.replaceAll("'", "''")}'`
        : JSON.stringify(text);
    }
  }
  if (isCollection(node) && !old.startsWith('{') && !old.startsWith('[')) return nested(old, lines, at);
  if (lines.length > 1 && isCollection(node)) return lines.join(at.eol);
  if (lines.length > 1) return at.isInFlow ? JSON.stringify(text) : blockOf('|-\n', lines, at);
  return plainOf(text, isScalar(node) ? node : undefined, at.isInFlow);
}

function plainOf(text: string, old: Scalar | undefined, isInFlow: boolean): string {
  if (isQuoted(text)) return text;
  const probe = parseDocument(isInFlow ? `[${text}]` : `k: ${text}\n`, { logLevel: 'silent', prettyErrors: false });
  const value = probe.errors.length > 0 ? undefined : (probe.getIn(isInFlow ? [0] : ['k'], true) as Node | undefined);
  if (isInFlow && isCollection(probe.contents) && probe.contents.items.length !== 1) return JSON.stringify(text);
  if (!value || isAlias(value) || probe.comment || value.comment || value.tag?.startsWith('!'))
    return JSON.stringify(text);
  if (isCollection(value)) return /^[[{]/.test(text) && value.flow ? text : JSON.stringify(text);
  if (!isScalar(value) || value.anchor || value.source !== text) return JSON.stringify(text);
  // A string stays one for readers of either YAML: `no`, `0777` and `12:30` are none to those of 1.1.
  const isLost = (['1.2', '1.1'] as const).some(
    (version) => old?.source !== undefined && isString(old.source, version) && !isString(text, version),
  );
  return isLost ? JSON.stringify(text) : text;
}

function isString(source: string, version: '1.1' | '1.2'): boolean {
  const { contents } = parseDocument(source, { version, logLevel: 'silent', prettyErrors: false });
  return isScalar(contents) && typeof contents.value === 'string';
}

/** A whole quoted scalar, as YAML reads it. */
function isQuoted(text: string): boolean {
  if (!/^(?:"[^\n]*"|'[^\n]*')$/.test(text) || text.length < 2) return false;
  const probe = parseDocument(text, { logLevel: 'silent', prettyErrors: false });
  return (
    probe.errors.length === 0 &&
    isScalar(probe.contents) &&
    probe.contents.type !== 'PLAIN' &&
    probe.contents.range?.[1] === text.length
  );
}

/** A block scalar: header and indentation of the old one. */
function blockOf(old: string, lines: readonly string[], at: Surrounding): string {
  const [head, ...body] = old.split('\n');
  const first = body.find((line) => line.trim() !== '');
  const explicit = /[1-9]/.exec(head!);
  const width = explicit
    ? at.indent + Number(explicit[0])
    : (first?.length ?? 0) - (first?.trimStart().length ?? 0) || at.indent + 2;
  const startsBlank = /^[ \t]/.test(lines.find((line) => line !== '') ?? '');
  const bare = head!.replace('\r', '');
  const header = startsBlank && !explicit ? bare.replace(/^([|>])/, `$1${width - at.indent}`) : bare;
  const text = lines.map((line) => (line === '' ? '' : ' '.repeat(width) + line));
  const isOpen = old !== '|-\n' && !old.endsWith('\n');
  return [header, ...text].join(at.eol) + (isOpen || old === '|-\n' ? '' : at.eol);
}

/** Lines in place of a block map or list, at its column. The first line stands where the old one began. */
function nested(old: string, lines: readonly string[], { column, indent, eol }: Surrounding): string {
  const bare = dedent(lines);
  const doc = parseDocument(bare.join('\n'), { logLevel: 'silent', prettyErrors: false });
  // A list may stand at the column of its key; what is no list must stand further in.
  const shift = column <= indent && !isSeq(doc.contents) ? ' '.repeat(indent + 2 - column) : '';
  const own = bare
    .map((line) => (line === '' ? '' : shift + line))
    .map((line, i) => (i === 0 || line === '' ? line : ' '.repeat(column) + line));
  return own.join(eol) + (old.endsWith('\n') ? eol : '');
}

export function dedent(lines: readonly string[]): string[] {
  const widths = lines.filter((line) => line.trim() !== '').map((line) => line.length - line.trimStart().length);
  const least = Math.min(...widths, 1000);
  return lines.map((line) => line.slice(least));
}
