import { charClass, choice, type Node, optional, repeat, rule, sequence, text } from './node.ts';

const digit = charClass('0-9');
const digits = (count: number) => repeat(digit, count, count);
const quoted = (...parts: readonly Node[]) => sequence(text('"'), ...parts, text('"'));

const member = sequence(rule('string'), text(': '), rule('value'));
const list = (item: Node) => optional(sequence(item, repeat(sequence(text(', '), item), 0)));

/** A string of so many characters; an escape is one of them. */
export function stringOf(min: number, max?: number): Node {
  return quoted(repeat(rule('char'), min, max));
}

/** Rules of RFC 8259 in the spacing of `json.dumps`. */
export const JSON_RULES = {
  char: {
    node: choice(
      charClass('^"\\\\\\x00-\\x1F\\x7F'),
      sequence(text('\\'), choice(charClass('"\\\\/bfnrt'), sequence(text('u'), repeat(charClass('0-9a-fA-F'), 4, 4)))),
    ),
    needs: [],
  },
  string: { node: stringOf(0), needs: ['char'] },
  natural: { node: choice(text('0'), sequence(charClass('1-9'), repeat(digit, 0, 17))), needs: [] },
  integer: { node: sequence(optional(text('-')), rule('natural')), needs: ['natural'] },
  number: {
    node: sequence(
      rule('integer'),
      optional(sequence(text('.'), repeat(digit, 1, 20))),
      optional(sequence(charClass('eE'), optional(charClass('-+')), repeat(digit, 1, 3))),
    ),
    needs: ['integer'],
  },
  array: { node: sequence(text('['), list(rule('value')), text(']')), needs: ['value'] },
  object: { node: sequence(text('{'), list(member), text('}')), needs: ['value', 'string'] },
  value: {
    node: choice(
      rule('object'),
      rule('array'),
      rule('string'),
      rule('number'),
      text('true'),
      text('false'),
      text('null'),
    ),
    needs: ['object', 'array', 'string', 'number'],
  },
} as const satisfies Record<string, { node: Node; needs: readonly string[] }>;

const hex = (count: number) => repeat(charClass('0-9a-f'), count, count);
const upTo = (tens: string, limit: string, units: string) =>
  choice(sequence(charClass(tens), digit), sequence(text(limit), charClass(units)));
const nonZero = sequence(text('0'), charClass('1-9'));
const month = choice(nonZero, sequence(text('1'), charClass('0-2')));
const day = choice(nonZero, upTo('12', '3', '01'));
const date = sequence(digits(4), text('-'), month, text('-'), day);
const time = sequence(upTo('01', '2', '0-3'), text(':'), charClass('0-5'), digit, text(':'), charClass('0-5'), digit);

/** Formats simple enough to be spelled by a grammar; calendar sense (30 February) is checked after the answer. */
export const STRING_FORMATS: Readonly<Record<string, Node>> = {
  date: quoted(date),
  time: quoted(time, text('Z')),
  'date-time': quoted(date, text('T'), time, text('Z')),
  uuid: quoted(hex(8), text('-'), hex(4), text('-'), hex(4), text('-'), hex(4), text('-'), hex(12)),
};
