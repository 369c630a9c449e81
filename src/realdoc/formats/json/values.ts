import { type Ask, invalid } from '../ask.ts';
import { checkJson } from './check.ts';

/** The text that a value is written into. */
export interface Into {
  text: Buffer;
  /** Comments may come in: there are some, or the name of the file says so. */
  isLenient: boolean;
}

/**
 * The JSON that new text means in place of an old value. JSON stays as it is, down to the spelling of numbers. Over a
 * string, what is no JSON string, object or array becomes a string: `10117` over `"10115"` must not turn a postcode
 * into a number. Over anything else, what is no JSON is refused. `endsLine`: nothing follows the old value on its line.
 */
export function valueFor(ask: Ask, text: string, old: string, into: Into, endsLine: boolean): string {
  const wasString = old.startsWith('"');
  const bytes = Buffer.from(text);
  const isJson = checkJson(bytes, 0, bytes.length, into.isLenient) === undefined;
  if (isJson && !(wasString && !/^\s*["{[]/.test(text))) {
    const isOpen = checkJson(Buffer.from(`[${text}]`), 0, undefined, into.isLenient) !== undefined;
    if (isOpen && !endsLine) throw invalid(ask, 'the comment at its end would swallow what follows on the line');
    return text;
  }
  if (!wasString) {
    throw invalid(ask, `"${text.slice(0, 80)}" is no JSON value, and the old one (${old.slice(0, 40)}) is no string`);
  }
  return quote(text, escapesAll(into.text));
}

/** New members for an object, or elements for an array, without a comma at the end. */
export function membersFor(ask: Ask, text: string, isObject: boolean, likeStrings: boolean, into: Into): string {
  const bare = text.trimEnd().replace(/,$/, '').trim();
  if (bare === '') throw invalid(ask, 'there is no text');
  if (isObject) {
    const fault = checkJson(Buffer.from(`{${bare}}`), 0, undefined, into.isLenient);
    if (!fault) return bare;
    throw invalid(ask, `a member is written "key": value, and "${bare.slice(0, 80)}" is none`);
  }
  if (!checkJson(Buffer.from(`[${bare}]`), 0, undefined, into.isLenient)) return bare;
  if (likeStrings) return quote(text, escapesAll(into.text));
  throw invalid(ask, `"${bare.slice(0, 80)}" is no JSON value`);
}

/** A text that holds no other characters than ASCII because its writer escapes them. */
function escapesAll(b: Buffer): boolean {
  return b.includes('\\u') && !b.some((byte) => byte >= 128);
}

function quote(text: string, ascii: boolean): string {
  const quoted = JSON.stringify(text);
  if (!ascii) return quoted;
  return quoted.replaceAll(/[\u0080-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
