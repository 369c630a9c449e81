/**
 * Words worth comparing between an instruction and a line, without a model: Latin words lower-cased with their common
 * endings off, numbers with their separators off, and pairs of Han characters.
 */
export function terms(text: string): string[] {
  const out: string[] = [];
  for (const match of text.normalize('NFKC').matchAll(PIECE)) {
    const piece = match[0];
    if (HAN.test(piece)) out.push(...hanTerms(piece));
    else if (/^\p{N}/u.test(piece)) out.push(normalNumber(piece));
    else for (const part of piece.split(/[-_.'’]+/)) if (part.length > 0) out.push(...latinTerm(part));
  }
  return out;
}

const PIECE = /\p{Script=Han}+|\p{N}+(?:[.,:]\p{N}+)*|\p{L}[\p{L}\p{N}]*(?:[-_.'’][\p{L}\p{N}]+)*/gu;
const HAN = /^\p{Script=Han}/u;

/** Beginnings of words as people cut them short: "ext." stands for "extension", "dept." for "department". */
export function abbreviations(text: string): string[] {
  return [...text.normalize('NFKC').matchAll(/\b([A-Za-z]{3,})\.(?=\s|\d|$)/g)].map((m) => m[1]!.toLowerCase());
}

/** `86,000` and `86000` are the same number; `14:00` and `3.5` keep their sign. */
function normalNumber(text: string): string {
  return /^\d{1,3}(?:,\d{3})+(?:\.\d+)?$/.test(text) ? text.replaceAll(',', '') : text.replace(/^0+(?=\d)/, '');
}

function latinTerm(word: string): string[] {
  const lower = word.toLowerCase();
  return STOP_WORDS.has(lower) ? [] : [stem(lower)];
}

/** Enough to meet `meetings`, `opens`, `opened`, `opening`, `policies`. Not a linguist's stemmer. */
export function stem(word: string): string {
  if (word.length <= 3 || !/^[a-z]+$/.test(word)) return word;
  let out = word;
  if (out.endsWith('ies') && out.length > 4) out = `${out.slice(0, -3)}y`;
  else if (/(?:s|x|ch|sh)es$/.test(out)) out = out.slice(0, -2);
  else if (out.endsWith('s') && !/(?:ss|us|is)$/.test(out)) out = out.slice(0, -1);
  if (out.endsWith('ing') && out.length > 5) out = out.slice(0, -3);
  else if (out.endsWith('ed') && out.length > 4) out = out.slice(0, -2);
  if (/([bdgklmnprt])\1$/.test(out)) out = out.slice(0, -1);
  return out.length > 3 && out.endsWith('e') ? out.slice(0, -1) : out;
}

/** Function words are taken out first, so that no pair is made of them; what is left gives its neighbouring pairs. */
function hanTerms(run: string): string[] {
  const out: string[] = [];
  for (const part of run.split(HAN_STOP)) {
    if (part.length === 1) out.push(part);
    for (let i = 0; i + 1 < part.length; i++) out.push(part.slice(i, i + 2));
  }
  return out;
}

const HAN_STOP =
  /改成|改为|改到|换成|换为|变成|变为|设为|设成|调整|修改|更新|更改|现在|以后|从现在起|关于|这一|那一|一行|一条|一项|删除|删掉|去掉|移除|增加|添加|加上|新增|增加到|延长到|缩短到|提高到|降低到|减少到|^把|^将|^请/;

const STOP_WORDS = new Set(
  (
    'a an the this that these those it its is are was were be been being to of in on at by for from with into onto as and or not no now ' +
    'please change changed changes changing set make makes made update updated replace replaced modify edit delete deleted remove removed ' +
    'add added insert put new line row entry item text document file will shall should must may can could would do does did has have had ' +
    'i we you he she they our your their there then than so if but also any all only just more longer instead about up out off over s t'
  ).split(' '),
);
