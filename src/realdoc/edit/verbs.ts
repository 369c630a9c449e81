import { closed, type Static, Type } from '../../protocol/index.ts';

/** `12` or `12-13`, counted from 1. */
export const LineRange = Type.String({ pattern: '^[1-9][0-9]{0,8}(-[1-9][0-9]{0,8})?$', maxLength: 20 });
/** After line 7 (`>7`), before line 7 (`<7`); `>0` is the beginning. */
export const Place = Type.String({ pattern: '^(>[0-9]{1,9}|<[1-9][0-9]{0,8})$', maxLength: 10 });
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

export function parseRange(range: string): { from: number; to: number } {
  const [from, to] = range.split('-').map(Number);
  return { from: from!, to: to ?? from! };
}

export function parsePlace(place: string): { after: number; anchor: number } {
  const line = Number(place.slice(1));
  return place.startsWith('>') ? { after: line, anchor: line } : { after: line - 1, anchor: line };
}
