/** Signs of a program that has a document open: Word and Excel `~$name`, LibreOffice `.~lock.name#`. */
const OWNER_FILE = /^(?:~\$.+|\.~lock\..+#)$/;
const MOST_BYTES = 4096;

export function isOwnerFile(name: string): boolean {
  return OWNER_FILE.test(name);
}

/**
 * The names under which programs say that they have `name` open. Word leaves out the first character of a name whose
 * stem has seven, and the first two of longer ones; Excel and PowerPoint keep the whole name.
 */
export function ownerFilesOf(name: string): string[] {
  const dot = name.lastIndexOf('.');
  const letters = [...name];
  const stem = dot < 0 ? letters.length : [...name.slice(0, dot)].length;
  const drop = Math.min(2, Math.max(0, stem - 6));
  const short = `~$${letters.slice(drop).join('')}`;
  return [...new Set([`.~lock.${name}#`, `~$${name}`, short])];
}

/** Who an owner file says it is, or `undefined`. Text of a stranger: only what can be shown is kept of it. */
export function ownerOf(name: string, bytes: Buffer): string | undefined {
  if (bytes.length === 0 || bytes.length > MOST_BYTES) return undefined;
  const said = name.startsWith('.~lock.') ? libreOfficeOwner(bytes.toString('utf8')) : microsoftOwner(bytes);
  const shown = said?.replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, '').trim();
  return shown ? [...shown].slice(0, 80).join('') : undefined;
}

/** `full name,user,machine,time,profile;`, commas inside escaped by a backslash. The full name is empty where nobody set it. */
function libreOfficeOwner(text: string): string | undefined {
  const [full, user, machine] = text.split(/(?<!\\),/).map((field) => field.replaceAll('\\,', ',').trim());
  const person = full || user;
  return person ? (machine ? `${person} (${machine})` : person) : undefined;
}

/** One byte of length and the name in the code page of the machine; then, from byte 54 or 55, the same in UTF-16. */
function microsoftOwner(bytes: Buffer): string | undefined {
  for (const at of [54, 55]) {
    const letters = bytes.length >= at + 2 ? bytes.readUInt16LE(at) : 0;
    if (letters > 0 && letters <= 52 && bytes.length >= at + 2 + 2 * letters) {
      return bytes.toString('utf16le', at + 2, at + 2 + 2 * letters);
    }
  }
  const length = bytes[0]!;
  return length > 0 && length < bytes.length ? bytes.toString('latin1', 1, 1 + length) : undefined;
}
