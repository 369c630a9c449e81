/** Things that stand for themselves in a text, whatever the language: dates, times, amounts, telephone numbers. */
export interface Value {
  /** Same key, same kind of thing: `time`, `weekday`, `number:day`, `number` (no unit). */
  key: string;
  text: string;
  start: number;
  end: number;
  /** The part that differs between two values of one key (the number without its unit), as offsets in the text. */
  core: { start: number; end: number };
}

const HAN_DIGITS = '[一二两三四五六七八九十百]+';
const MONTH =
  '(?:January|February|March|April|May|June|July|August|September|October|November|December|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)';
const NUMBER = String.raw`\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:[.]\d+)?`;
const CURRENCY = 'EUR|USD|CNY|RMB|GBP|CHF|JPY|HKD|€|\\$|£|¥|¥|元|万元|欧元|美元|块';
const UNIT_WORDS =
  'working days?|business days?|calendar days?|days?|weeks?|months?|years?|hours?|hrs?|minutes?|mins?|seconds?|secs?|people|persons?|pieces?|pcs|boxes|copies|pages|seats|kg|km|GB|MB|TB|GHz|MHz|cm|mm|sqm|m²|m2|m|g|l|h|s|W|V|per cent|percent|°C';
const UNIT_HAN =
  '个?工作日|自然日|平方米|公里|小时|分钟|个月|个|天|日|周|年|月|秒|人|名|位|份|台|张|件|套|箱|本|支|次|页|倍|层|度|升|公斤|千克|克|米|岁|折|项|条|间|辆|成';

const PATTERNS: readonly [key: string | ((m: RegExpExecArray) => string), RegExp][] = [
  ['email', /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g],
  ['url', /https?:\/\/[^\s,,。;;)]+/g],
  ['address', /\b\d{1,3}(?:\.\d{1,3}){3}(?:\/\d+)?\b/g],
  ['date', /\b\d{4}[-/.]\d{1,2}[-/.]\d{1,2}\b/g],
  ['date', /(?:\d{4}\s*年\s*)?\d{1,2}\s*月\s*\d{1,2}\s*[日号]/g],
  [
    'date',
    new RegExp(
      String.raw`\b\d{1,2}(?:st|nd|rd|th)?(?:\sof)?\s${MONTH}\b(?:,?\s\d{4})?|\b${MONTH}\s\d{1,2}(?:st|nd|rd|th)?\b(?:,?\s\d{4})?`,
      'g',
    ),
  ],
  ['time', /(?<![\d:])\d{1,2}[::]\d{2}(?![\d:])/g],
  [
    'phone',
    /(?<![\w.])(?:\+\d{1,3}[ -])?\(?\d{2,4}\)?-\d{3,8}(?:-\d{2,8})?(?!\w)|(?<![\w.])\+\d{6,14}(?!\w)|(?<!\d)1\d{10}(?!\d)/g,
  ],
  ['weekday', /\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?\b/gi],
  ['weekday', /(?:周|星期|礼拜)[一二三四五六日天]/g],
  ['month', new RegExp(String.raw`\b(?!May\b)${MONTH}\b`, 'g')],
  ['floor', /\b(?:\d+(?:st|nd|rd|th)|first|second|third|fourth|fifth|ground|top) floor\b/gi],
  ['ordinal', /\b\d+(?:st|nd|rd|th)\b|\b(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth)\b/gi],
  ['floor', new RegExp(String.raw`(?:${HAN_DIGITS}|\d+)\s*(?:楼|层)`, 'g')],
  ['ordinal', new RegExp(String.raw`第\s*(?:${HAN_DIGITS}|\d+)`, 'g')],
  ['percent', new RegExp(String.raw`(?:${NUMBER})\s*[%%]`, 'g')],
  [
    'money',
    new RegExp(
      String.raw`(?:[€$£¥¥]\s?|\b(?:EUR|USD|CNY|RMB|GBP|CHF)\s)(?:${NUMBER})(?![\d])|(?:${NUMBER})\s?(?:${CURRENCY})(?![a-z])`,
      'g',
    ),
  ],
  [
    (m) => `number:${unitName(m[2]!)}`,
    new RegExp(String.raw`(?<![\w.])(${NUMBER})\s?(${UNIT_WORDS}|${UNIT_HAN})(?![a-z])`, 'gi'),
  ],
  [(m) => `number:${unitName(m[2]!)}`, new RegExp(`(${HAN_DIGITS})(${UNIT_HAN})`, 'g')],
  ['number', new RegExp(String.raw`(?<![\w.:-])(?:${NUMBER})(?![\w:]|-\w|[.]\d)`, 'g')],
];

function unitName(unit: string): string {
  const lower = unit.toLowerCase();
  if (/工作日|working|business/.test(lower)) return 'workday';
  if (lower === '天' || lower === '日' || lower === '自然日' || lower.startsWith('calendar')) return 'day';
  return (
    {
      周: 'week',
      个月: 'month',
      年: 'year',
      小时: 'hour',
      分钟: 'minute',
      秒: 'second',
      人: 'person',
      名: 'person',
      位: 'person',
      hr: 'hour',
      h: 'hour',
      min: 'minute',
      sec: 'second',
      s: 'second',
      people: 'person',
      pc: 'piece',
      pcs: 'piece',
    }[lower.replace(/(?<=...)s$/, '')] ?? lower.replace(/(?<=..)s$/, '')
  );
}

/** All values of a text, leftmost first; the first pattern that claims a place keeps it. */
export function valuesOf(text: string): Value[] {
  const taken: Value[] = [];
  for (const [key, pattern] of PATTERNS) {
    for (const match of text.matchAll(pattern)) {
      const start = match.index;
      const end = start + match[0].length;
      if (taken.some((v) => v.start < end && start < v.end)) continue;
      const name = typeof key === 'string' ? key : key(match as RegExpExecArray);
      taken.push({ key: name, text: match[0], start, end, core: coreOf(name, match[0], start) });
    }
  }
  return taken.sort((a, b) => a.start - b.start);
}

function coreOf(key: string, text: string, start: number): Value['core'] {
  const pattern =
    key === 'weekday' && /days$/i.test(text)
      ? /^[a-z]+day/i
      : key.startsWith('number') || key === 'money' || key === 'percent'
        ? new RegExp(`${NUMBER}|${HAN_DIGITS}`)
        : key === 'floor'
          ? /^\S+?(?=\s*(?:floor|楼|层))/
          : undefined;
  const found = pattern?.exec(text);
  return found
    ? { start: start + found.index, end: start + found.index + found[0].length }
    : { start, end: start + text.length };
}

/** The instruction with its values blanked out: what is left says where, not what. */
export function withoutValues(text: string): string {
  let out = text;
  for (const value of valuesOf(text).reverse()) out = `${out.slice(0, value.start)} ${out.slice(value.end)}`;
  return out;
}
