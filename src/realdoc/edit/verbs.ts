import { closed, type Static, Type } from '../../protocol/index.ts';

/**
 * `12` or `12-13`, counted from 1, or an address: `12:5-9` (characters of a line), `#3` (a candidate that was shown),
 * `B7`, `B7:C9` or `Sheet1!B7` (tables), `/server/port` (JSON, YAML), `# Heading` (markdown), `@Class.method` (code).
 */
export const LineRange = Type.String({ pattern: '^[^\\u0000-\\u001f]+$', minLength: 1, maxLength: 1000 });
/** After line 7 (`>7`), before line 7 (`<7`), the same with an address (`>@Box.start`); `>0` is the beginning. */
export const Place = Type.String({ pattern: '^[<>][^\\u0000-\\u001f]+$', minLength: 2, maxLength: 1001 });
const Lines = Type.Array(Type.String({ maxLength: 1_000_000 }), { minItems: 1, maxItems: 20_000 });

/** What must be true of the addressed lines at the base, or the whole edit is refused. */
const guards = {
  /** Text that the addressed lines hold. */
  was: Type.Optional(Type.String({ minLength: 1, maxLength: 100_000 })),
  /** Number of addressed lines; for `sub` number of matches. */
  count: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000_000 })),
  /** First hex digits of the SHA-256 of the addressed lines without their last line end. */
  hash: Type.Optional(Type.String({ pattern: '^[0-9a-f]{8,64}$' })),
};

export const SetVerb = closed({ set: LineRange, text: Lines, ...guards });
export const PutVerb = closed({ put: Place, text: Lines, ...guards });
export const CutVerb = closed({ cut: LineRange, ...guards });
export const SubVerb = closed({
  sub: closed({
    find: Type.String({ minLength: 1, maxLength: 100_000 }),
    replace: Type.String({ maxLength: 1_000_000 }),
    line: Type.Optional(Type.Integer({ minimum: 1 })),
    range: Type.Optional(LineRange),
    all: Type.Optional(Type.Boolean()),
    /** Number of the candidate, as DOC_AMBIGUOUS listed them. */
    nth: Type.Optional(Type.Integer({ minimum: 1 })),
  }),
  ...guards,
});
export const MoveVerb = closed({ move: LineRange, to: Place, ...guards });

export const Verb = Type.Union([SetVerb, PutVerb, CutVerb, SubVerb, MoveVerb]);
export type Verb = Static<typeof Verb>;
export type Guards = Pick<Static<typeof CutVerb>, 'was' | 'count' | 'hash'>;

/** The beginning of the text, or the side of a range. */
export function parsePlace(place: string): { isAfter: boolean; anchor: string } {
  return { isAfter: place.startsWith('>'), anchor: place.slice(1) };
}

/** `>0`: before the first line, whatever it is. */
export const isBeginning = (place: string): boolean => />0+$/.test(place);

/** Every range and address that a verb names, as it was given. */
export function addressesOf(verb: Verb): string[] {
  if ('set' in verb) return [verb.set];
  if ('cut' in verb) return [verb.cut];
  if ('sub' in verb) return verb.sub.range === undefined ? [] : [verb.sub.range];
  const place = 'put' in verb ? verb.put : verb.to;
  const anchor = isBeginning(place) ? [] : [parsePlace(place).anchor];
  return 'put' in verb ? anchor : [verb.move, ...anchor];
}
