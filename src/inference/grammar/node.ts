/** A grammar as data: what the model may write next. Printed as GBNF for the engine. */
export type Node =
  | { kind: 'text'; text: string }
  /** One character out of a class, in GBNF's own notation between the brackets. */
  | { kind: 'class'; set: string }
  | { kind: 'sequence'; parts: readonly Node[] }
  | { kind: 'choice'; options: readonly Node[] }
  | { kind: 'repeat'; part: Node; min: number; max: number | undefined }
  | { kind: 'rule'; name: string };

export interface Grammar {
  root: Node;
  rules: ReadonlyMap<string, Node>;
}

export const text = (value: string): Node => ({ kind: 'text', text: value });
export const charClass = (set: string): Node => ({ kind: 'class', set });
/** Parts after one another; sequences inside it are taken apart and the empty one vanishes. */
export const sequence = (...parts: readonly Node[]): Node => ({
  kind: 'sequence',
  parts: parts.flatMap((part) => (part.kind === 'sequence' ? part.parts : [part])),
});
export const choice = (...options: readonly Node[]): Node => ({ kind: 'choice', options });
export const repeat = (part: Node, min: number, max?: number): Node => ({ kind: 'repeat', part, min, max });
export const optional = (part: Node): Node => repeat(part, 0, 1);
export const rule = (name: string): Node => ({ kind: 'rule', name });

/** GBNF of llama.cpp (grammars/README.md there). Rule names are letters, digits and dashes. */
export function toGbnf(grammar: Grammar): string {
  const lines = [`root ::= ${print(grammar.root, false)}`];
  for (const [name, node] of grammar.rules) lines.push(`${name} ::= ${print(node, false)}`);
  return `${lines.join('\n')}\n`;
}

function print(node: Node, tight: boolean): string {
  switch (node.kind) {
    case 'text':
      return literal(node.text);
    case 'class':
      return `[${node.set}]`;
    case 'rule':
      return node.name;
    case 'sequence': {
      if (node.parts.length === 0) return '""';
      const out = node.parts.map((part) => print(part, true)).join(' ');
      return tight && node.parts.length > 1 ? `(${out})` : out;
    }
    case 'choice':
      return `(${node.options.map((option) => print(option, false)).join(' | ')})`;
    case 'repeat':
      return `${group(node.part)}${times(node.min, node.max)}`;
  }
}

function group(node: Node): string {
  const out = print(node, true);
  return node.kind === 'text' || node.kind === 'class' || node.kind === 'rule' || out.startsWith('(')
    ? out
    : `(${out})`;
}

function times(min: number, max: number | undefined): string {
  if (min === 0 && max === 1) return '?';
  if (min === 0 && max === undefined) return '*';
  if (min === 1 && max === undefined) return '+';
  return max === undefined ? `{${min},}` : `{${min},${max}}`;
}

/** A GBNF string. Only what its reader treats specially is escaped; the rest stays readable UTF-8. */
function literal(value: string): string {
  let out = '"';
  for (const char of value) {
    const code = char.codePointAt(0)!;
    if (char === '"' || char === '\\') out += `\\${char}`;
    else if (char === '\n') out += '\\n';
    else if (char === '\r') out += '\\r';
    else if (char === '\t') out += '\\t';
    else if (code < 0x20 || code === 0x7f) out += `\\x${code.toString(16).padStart(2, '0')}`;
    else out += char;
  }
  return `${out}"`;
}
