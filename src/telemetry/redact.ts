/** Members that are secrets wherever they stand. Compared without case, `-` and `_`. */
const SECRETS = new Set(
  [
    'secret',
    'token',
    'password',
    'passphrase',
    'authorization',
    'cookie',
    'setCookie',
    'bearer',
    'apiKey',
    'privateKey',
    'secretKey',
    'signingKey',
    'pairingKey',
    'sessionKey',
    'credential',
    'credentials',
    'proof',
    'code',
    'digits',
    'sas',
    'pin',
    'link',
    'pairingLink',
  ].map(normal),
);

/** Members that hold what people or models wrote. It belongs to the store and the audit, never to the log. */
const TEXTS = new Set(
  [
    'text',
    'content',
    'body',
    'prompt',
    'messages',
    'lines',
    'diff',
    'input',
    'output',
    'answer',
    'question',
    'delta',
    'query',
    'words',
    'note',
    'html',
    'markdown',
  ].map(normal),
);

/** Deeper than any object of ours; also the end of a cycle. */
const DEPTH = 6;
const LONGEST = 2_000;

/** A copy fit for the log: secrets and text blanked by name at any depth, bearers by form, long strings cut. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactString(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= DEPTH) return '[deep]';
  if (value instanceof Error) return redactError(value, depth);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) return value.slice(0, 100).map((item) => redact(item, depth + 1));
  const out: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    const name = normal(key);
    if (SECRETS.has(name) && !isErrorCode(name, member)) out[key] = '[secret]';
    else if (TEXTS.has(name)) out[key] = '[text]';
    else out[key] = redact(member, depth + 1);
  }
  return out;
}

function normal(key: string): string {
  return key.toLowerCase().replaceAll(/[-_]/g, '');
}

/** `code` is the pairing code of a person, or the code of an error: those are upper case words from the catalogue. */
function isErrorCode(name: string, member: unknown): boolean {
  return name === 'code' && (typeof member === 'number' ? member < 10_000 : /^[A-Z][A-Z0-9_]+$/.test(String(member)));
}

function redactString(text: string): string {
  const safe = text
    .replaceAll(/\b(Bearer|Basic)\s+\S+/gi, '$1 [secret]')
    .replaceAll(/#[A-Za-z0-9_=&.-]{20,}/g, '#[secret]');
  return safe.length > LONGEST ? `${safe.slice(0, LONGEST)}… (${safe.length})` : safe;
}

function redactError(error: Error, depth: number): Record<string, unknown> {
  const { code } = error as { code?: unknown };
  return {
    type: error.name,
    message: redactString(error.message),
    ...(code === undefined ? {} : { code }),
    ...(error.stack ? { stack: redactString(error.stack) } : {}),
    ...(error.cause === undefined ? {} : { cause: redact(error.cause, depth + 1) }),
  };
}
