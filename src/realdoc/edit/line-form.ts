import { fail } from '../../common/index.ts';
import { readTarget } from './address.ts';
import { type Guards, isBeginning, type Verb } from './verbs.ts';

/**
 * The line form of an edit, for models and people without good JSON:
 *
 *     @minutes/2026.md v41
 *     set 12-13
 *     +new text
 *     sub 20 "Mueller" -> "Müller"
 *     put >7
 *     +one more line
 *     cut 30-31
 *     was "old words"
 *
 * `+` lines hold the new text with nothing escaped; quoted words are JSON strings; guards follow their verb. Where a
 * range stands, an address of the document may stand (`set B7`, `cut # Notice`, `sub @Box.start "a" -> "b"`).
 */
export interface Script {
  path?: string;
  base?: number;
  verbs: Verb[];
}

const STRING = '"(?:[^"\\\\]|\\\\.)*"';
// What stands for a range or address is read by `parseTarget` later; only its end must be plain here.
const SET = /^set (\S.*)$/;
const PUT = /^put ([<>]\S.*)$/;
const CUT = /^cut (\S.*)$/;
const MOVE = /^move (\S.*) ([<>]\S.*)$/;
const SUB = new RegExp(`^sub (?:(\\S.*?) )?(${STRING}) -> (${STRING})(?: (all)| #([1-9]\\d{0,8}))?$`);
const WAS = new RegExp(`^was (${STRING})$`);

const NO_RANGE = 'neither lines (12 or 12-13) nor an address (12:5-9, #3, B7, /key, # Heading, @symbol)';

/** Throws DOC_VERB_INVALID with the line of the script that cannot be read. */
export function parseScript(text: string): Script {
  const script: Script = { verbs: [] };
  const rows = text.split('\n');
  if (rows.at(-1) === '') rows.pop();
  for (const [i, row] of rows.entries()) {
    const refuse = (reason: string): never => {
      throw fail('DOC_VERB_INVALID', { verb: Math.max(1, script.verbs.length), reason, line: i + 1, text: row });
    };
    const header = /^@(.+) v([1-9]\d{0,8})$/.exec(row);
    if (header) {
      if (i > 0) refuse('only the first line names the document');
      script.path = header[1]!;
      script.base = Number(header[2]);
      continue;
    }
    if (row.startsWith('+')) {
      const last = script.verbs.at(-1);
      if (!last || !('text' in last)) refuse('a "+" line must follow set or put');
      else last.text.push(row.slice(1));
      continue;
    }
    const verb = readVerb(row, refuse);
    if (verb) script.verbs.push(verb);
    else readGuard(row, script.verbs.at(-1), refuse);
  }
  for (const [i, verb] of script.verbs.entries()) {
    if ('text' in verb && verb.text.length === 0) {
      throw fail('DOC_VERB_INVALID', {
        verb: i + 1,
        reason: 'set and put want at least one "+" line; to remove lines use cut',
      });
    }
  }
  if (script.verbs.length === 0) throw fail('DOC_VERB_INVALID', { verb: 1, reason: 'there is no verb' });
  return script;
}

function readVerb(row: string, refuse: (reason: string) => never): Verb | undefined {
  const range = (text: string): string => (readTarget(text) ? text : refuse(NO_RANGE));
  const place = (text: string): string => (isBeginning(text) || readTarget(text.slice(1)) ? text : refuse(NO_RANGE));
  let m = SET.exec(row);
  if (m) return { set: range(m[1]!), text: [] };
  m = PUT.exec(row);
  if (m) return { put: place(m[1]!), text: [] };
  m = CUT.exec(row);
  if (m) return { cut: range(m[1]!) };
  m = MOVE.exec(row);
  if (m) return { move: range(m[1]!), to: place(m[2]!) };
  m = SUB.exec(row);
  if (!m) return undefined;
  const sub: Extract<Verb, { sub: unknown }>['sub'] = {
    find: unquote(m[2]!, refuse),
    replace: unquote(m[3]!, refuse),
  };
  if (m[1] && /^[1-9]\d{0,8}$/.test(m[1])) sub.line = Number(m[1]);
  else if (m[1]) sub.range = range(m[1]);
  if (m[4]) sub.all = true;
  if (m[5]) sub.nth = Number(m[5]);
  return { sub };
}

function readGuard(row: string, verb: Guards | undefined, refuse: (reason: string) => never): void {
  if (!verb) {
    refuse('a verb was expected: set, put, cut, sub or move');
    return;
  }
  const was = WAS.exec(row);
  const count = /^count (0|[1-9]\d{0,8})$/.exec(row);
  const hash = /^hash ([0-9a-f]{8,64})$/.exec(row);
  if (was) verb.was = unquote(was[1]!, refuse);
  else if (count) verb.count = Number(count[1]);
  else if (hash) verb.hash = hash[1]!;
  else refuse('neither a verb nor a guard');
}

function unquote(text: string, refuse: (reason: string) => never): string {
  try {
    return JSON.parse(text) as string;
  } catch {
    return refuse('a quoted text is not a JSON string');
  }
}

/** `parseScript(printScript(s))` is `s` for every valid script whose texts hold no line break. */
export function printScript(script: Script): string {
  const out: string[] = [];
  if (script.path !== undefined) out.push(`@${script.path} v${script.base}`);
  for (const verb of script.verbs) {
    if ('set' in verb) out.push(`set ${verb.set}`, ...verb.text.map((t) => `+${t}`));
    else if ('put' in verb) out.push(`put ${verb.put}`, ...verb.text.map((t) => `+${t}`));
    else if ('cut' in verb) out.push(`cut ${verb.cut}`);
    else if ('move' in verb) out.push(`move ${verb.move} ${verb.to}`);
    else {
      const { find, replace, line, range, all, nth } = verb.sub;
      const where = line === undefined ? (range === undefined ? '' : `${range} `) : `${line} `;
      const tail = all ? ' all' : nth === undefined ? '' : ` #${nth}`;
      out.push(`sub ${where}${JSON.stringify(find)} -> ${JSON.stringify(replace)}${tail}`);
    }
    if (verb.was !== undefined) out.push(`was ${JSON.stringify(verb.was)}`);
    if (verb.count !== undefined) out.push(`count ${verb.count}`);
    if (verb.hash !== undefined) out.push(`hash ${verb.hash}`);
  }
  return `${out.join('\n')}\n`;
}
