import { fail } from '../../common/index.ts';

type Members = Record<string, unknown>;

/** Reads one member of an outside object at a time; every refusal names the member. */
export class Fields {
  readonly #members: Members;
  readonly #pointer: string;

  constructor(value: unknown, pointer: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(pointer, 'an object');
    this.#members = value as Members;
    this.#pointer = pointer;
  }

  get names(): string[] {
    return Object.keys(this.#members);
  }

  at(name: string): string {
    return `${this.#pointer}/${name}`;
  }

  /** `null` counts as absent: many clients send all members of their request type. */
  get(name: string): unknown {
    return this.#members[name] ?? undefined;
  }

  string(name: string): string | undefined {
    return this.#typed(name, 'a string', (value) => typeof value === 'string');
  }

  boolean(name: string): boolean | undefined {
    return this.#typed(name, 'true or false', (value) => typeof value === 'boolean');
  }

  number(name: string, min: number, max: number): number | undefined {
    const between = (value: unknown) => typeof value === 'number' && value >= min && value <= max;
    return this.#typed(name, `a number from ${min} to ${max}`, between);
  }

  integer(name: string, min: number, max: number): number | undefined {
    const between = (value: unknown) => Number.isInteger(value) && (value as number) >= min && (value as number) <= max;
    return this.#typed(name, `a whole number from ${min} to ${max}`, between);
  }

  list(name: string): unknown[] | undefined {
    return this.#typed(name, 'a list', Array.isArray);
  }

  object(name: string): Fields | undefined {
    const value = this.get(name);
    return value === undefined ? undefined : new Fields(value, this.at(name));
  }

  required<T>(name: string, value: T | undefined): T {
    if (value === undefined) throw fail('INPUT_INVALID', { pointer: this.at(name), reason: 'it is missing' });
    return value;
  }

  #typed<T>(name: string, what: string, fits: (value: unknown) => boolean): T | undefined {
    const value = this.get(name);
    if (value === undefined) return undefined;
    if (!fits(value)) throw invalid(this.at(name), what);
    return value as T;
  }
}

export function invalid(pointer: string, what: string): Error {
  return fail('INPUT_INVALID', { pointer, reason: `it must be ${what}` });
}
