import type { XmlElement } from '../xml.ts';

/** How a number is shown: as a day, a time of day, both, a percentage, a text, or as it is. */
export type Look = 'date' | 'time' | 'datetime' | 'percent' | 'text' | 'number';

/** Formats that a file need not declare (ECMA-376 part 1, 18.8.30, with those of East Asia). */
function builtin(id: number): Look {
  if ((id >= 14 && id <= 17) || (id >= 27 && id <= 31) || id === 36 || (id >= 50 && id <= 58)) return 'date';
  if ((id >= 18 && id <= 21) || (id >= 32 && id <= 35) || id === 45 || id === 47) return 'time';
  if (id === 22) return 'datetime';
  if (id === 9 || id === 10) return 'percent';
  return id === 49 ? 'text' : 'number';
}

function custom(code: string): Look {
  const [positive = ''] = code.replaceAll(/"[^"]*"|\\.|_.|\*./g, '').split(';');
  // An elapsed time ([h]:mm) is a number of hours and no time of day.
  if (/\[[hms]+\]/i.test(positive)) return 'number';
  const plain = positive.replaceAll(/\[[^\]]*\]/g, '').replaceAll(/general/gi, '');
  if (plain.trim() === '@') return 'text';
  if (/[#0?]/.test(plain.replaceAll(/ss?\.0+/gi, ''))) return plain.includes('%') ? 'percent' : 'number';
  const hasDay = /[dyeg]/i.test(plain) || /m/i.test(plain.replaceAll(/h+[^a-z]*m+|m+[^a-z]*s+/gi, ''));
  const hasTime = /[hs]/i.test(plain);
  if (hasDay) return hasTime ? 'datetime' : 'date';
  return hasTime ? 'time' : 'number';
}

/** How the cells of each style are shown. */
export class Looks {
  readonly #styles: Look[] = [];

  constructor(styles: XmlElement | undefined) {
    const codes = new Map<number, string>();
    for (const format of styles?.first('numFmts')?.elements('numFmt') ?? []) {
      codes.set(Number(format.attr('numFmtId', '')), format.attr('formatCode', '') ?? '');
    }
    for (const xf of styles?.first('cellXfs')?.elements('xf') ?? []) {
      const id = Number(xf.attr('numFmtId', '') ?? 0);
      const code = codes.get(id);
      this.#styles.push(code === undefined ? builtin(id) : custom(code));
    }
  }

  of(style: string | undefined): Look {
    return this.#styles[Number(style ?? 0)] ?? 'number';
  }
}

const DAY = 86_400_000;

/** A serial number as ISO text, or `undefined` where it is no day that both Excel and a calendar know. */
export function showDate(serial: number, look: Look, is1904: boolean): string | undefined {
  if (look !== 'date' && look !== 'time' && look !== 'datetime') return undefined;
  if (!(serial >= 0) || serial >= 2_958_466) return undefined;
  const days = is1904 ? serial + 1462 : serial;
  // Excel has a 29 February 1900 that never was: days before March 1900 are left as numbers.
  if (look !== 'time' && days < 61) return undefined;
  const iso = new Date(Date.UTC(1899, 11, 30) + Math.round(days * 86_400) * 1000).toISOString();
  const time = iso.slice(11, 19);
  if (look === 'time') return serial < 1 ? time : undefined;
  return look === 'date' && time === '00:00:00' ? iso.slice(0, 10) : `${iso.slice(0, 10)} ${time}`;
}

/** The serial number that `showDate` shows as this text. */
export function parseDate(text: string, look: Look, is1904: boolean): number | undefined {
  const match = /^(?:(\d{4})-(\d\d)-(\d\d))?(?:(?:^|[ T])(\d{1,2}):(\d\d)(?::(\d\d))?)?$/.exec(text.trim());
  if (!match || text.trim() === '') return undefined;
  const [, year, month, day, hours = '0', minutes = '0', seconds = '0'] = match;
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return undefined;
  const time = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) / 86_400;
  if (year === undefined) return look === 'time' ? time : undefined;
  const at = Date.UTC(Number(year), Number(month) - 1, Number(day));
  if (new Date(at).toISOString().slice(0, 10) !== `${year}-${month}-${day}`) return undefined;
  const days = (at - Date.UTC(1899, 11, 30)) / DAY - (is1904 ? 1462 : 0);
  return days >= (is1904 ? 0 : 61) ? days + time : undefined;
}
