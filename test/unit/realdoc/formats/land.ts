import { isJinguError } from '../../../../src/common/index.ts';
import { type Ask, type Doc, type Landing, sourceOf } from '../../../../src/realdoc/formats/ask.ts';

type Land = (doc: Doc, ask: Ask) => Landing | Promise<Landing>;

export function docOf(text: string | Uint8Array, path = 'w/a'): Doc {
  return { path, version: 1, source: sourceOf(Buffer.from(text as string)) };
}

export function patched(text: string | Uint8Array, landing: Landing): string {
  let bytes = Buffer.from(text as string);
  for (const patch of [...landing.patches].reverse()) {
    bytes = Buffer.concat([bytes.subarray(0, patch.at), Buffer.from(patch.ins), bytes.subarray(patch.at + patch.del)]);
  }
  return bytes.toString('utf8');
}

/** The text after one ask, for a format whose answer is at once there. */
export function edited(
  land: (doc: Doc, ask: Ask) => Landing,
  text: string,
  act: Ask['act'],
  address: string,
  ...lines: string[]
): string {
  return patched(text, land(docOf(text), askOf(act, address, lines)));
}

export async function editedLater(
  land: Land,
  text: string,
  act: Ask['act'],
  address: string,
  ...lines: string[]
): Promise<string> {
  return patched(text, await land(docOf(text), askOf(act, address, lines)));
}

export function shownAt(land: (doc: Doc, ask: Ask) => Landing, text: string, address: string): string {
  const { region } = land(docOf(text), { verb: 1, act: 'show', address });
  return Buffer.from(text).subarray(region.from, region.to).toString('utf8');
}

/** The typed refusal of an ask; `accepted` if there was none. */
export async function refusalOf(run: () => unknown): Promise<{ code: string; details: Record<string, unknown> }> {
  try {
    await run();
  } catch (error) {
    if (isJinguError(error)) return { code: error.code, details: error.details };
    throw error;
  }
  return { code: 'accepted', details: {} };
}

function askOf(act: Ask['act'], address: string, lines: string[]): Ask {
  return { verb: 1, act, address, ...(lines.length > 0 ? { text: lines } : {}) };
}
