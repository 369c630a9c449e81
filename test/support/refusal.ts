import { expect } from 'vitest';
import { CATEGORIES, ERROR_CATALOGUE, isJinguError, type WireError } from '../../src/common/index.ts';

/**
 * Waits for a refusal and checks that it is what a person can use: the code of the catalogue with its category, what was
 * wrong and what to do next in whole sentences, nothing left to fill in. Gives it back.
 */
export async function refusalOf(code: string, attempt: Promise<unknown>): Promise<WireError> {
  const error = await attempt.then(
    (answer) => {
      throw new Error(`not refused with ${code}: ${JSON.stringify(answer)?.slice(0, 300)}`);
    },
    (thrown: unknown) => thrown,
  );
  const wire = (error as { wire?: WireError }).wire;
  if (!wire) throw error;
  return expectRefusal(code, wire);
}

/** The same for an error that is here already. */
export function expectRefusal(code: string, wire: WireError): WireError {
  expect(wire).toMatchObject({ code, message: expect.stringMatching(/\S/), hint: expect.stringMatching(/\S/) });
  const kind = ERROR_CATALOGUE[code as keyof typeof ERROR_CATALOGUE];
  expect([code, kind?.category]).toEqual([code, wire.category]);
  expect(Object.keys(CATEGORIES)).toContain(wire.category);
  for (const text of [wire.message, wire.hint ?? '']) {
    expect(text).not.toMatch(/\{\w+\}|undefined|\[object|\bat .*\.ts:\d/);
  }
  return wire;
}

/** The code and details of a refusal inside the box; `accepted` where there was none. Throws what is no refusal. */
export async function refusedWith(work: Promise<unknown>): Promise<{ code: string; details: Record<string, unknown> }> {
  return await work.then(
    () => ({ code: 'accepted', details: {} }),
    (error: unknown) => {
      if (isJinguError(error)) return error;
      throw error;
    },
  );
}
