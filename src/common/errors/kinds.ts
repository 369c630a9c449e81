/** The closed list of error categories. Numbers, HTTP status and exit code are the wire contract and never change. */
export const CATEGORIES = {
  malformed: { number: -32700, http: 400, exit: 2 },
  'bad-request': { number: -32600, http: 400, exit: 2 },
  'unknown-method': { number: -32601, http: 404, exit: 2 },
  'bad-input': { number: -32602, http: 400, exit: 2 },
  internal: { number: -32603, http: 500, exit: 1 },
  unauthenticated: { number: 1001, http: 401, exit: 4 },
  denied: { number: 1002, http: 403, exit: 5 },
  'needs-person': { number: 1003, http: 202, exit: 6 },
  conflict: { number: 1004, http: 409, exit: 7 },
  'not-found': { number: 1005, http: 404, exit: 1 },
  limited: { number: 1006, http: 429, exit: 75 },
  unavailable: { number: 1007, http: 503, exit: 75 },
  'outcome-unknown': { number: 1008, http: 504, exit: 8 },
  cancelled: { number: 1009, http: 409, exit: 1 },
} as const;

export type Category = keyof typeof CATEGORIES;

/** One catalogue row. `{name}` in a text is filled from the error's details. */
export interface ErrorKind {
  category: Category;
  en: string;
  zh: string;
  /** What to do next. */
  hint: { en: string; zh: string };
  /** `true`: one retry with the same key may help. Left out means no. */
  retryable?: true;
  /** Where HTTP wants something finer than the category's status (413, 428, 410). */
  http?: number;
}

/** Keeps the literal codes of a catalogue part while checking each row. */
export function errorKinds<const T extends Record<string, ErrorKind>>(kinds: T): T {
  return kinds;
}
