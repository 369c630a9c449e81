import type { BrainInput } from './change.ts';
import { grounding, isRival, rank, type Scored } from './evidence.ts';
import { type Group, groupsOf } from './groups.ts';
import { newBodies } from './new-line.ts';
import { distinct, type Outcome, type Proposal } from './outcome.ts';
import { lineOf, type Place, rankPlaces } from './place.ts';
import { PLACE_PROMPT } from './prompts.ts';
import { terms } from './terms.ts';

const MOST_OPTIONS = 4;
const MOST_GROUPS = 24;

/** A new line joins a list, a table or a mapping: which one is decided as for a change, the text in several ways. */
export async function proposeAddition(input: BrainInput): Promise<Outcome> {
  const { model, instruction, places, signal } = input;
  const groups = groupsOf(places);
  const beside = besideWhat(instruction, places);
  if (beside) return await addBeside(input, groups, beside);
  if (groups.length === 0) return { kind: 'refuse', reason: 'no-result', words: [] };
  const ranking = rank(
    whereIn(instruction),
    groups.map((g) => g.profile),
  );
  const inView = ranking.slice(0, MOST_GROUPS).map((s) => groups[s.index]!);
  const picked = inView[await chooseGroup(input, inView)] ?? inView[0]!;
  const own = ranking.find((s) => groups[s.index] === picked)!;
  const top = groups[ranking[0]!.index]!;
  const bodies = await newBodies({ model, instruction, group: picked, signal });
  const votes = new Map<string, number>();
  for (const body of bodies) votes.set(body, (votes.get(body) ?? 0) + 1);
  const texts = [...votes.keys()].sort((a, b) => votes.get(b)! - votes.get(a)!);
  const first = texts[0];
  if (first === undefined) return { kind: 'refuse', reason: 'no-result', words: [] };
  const clean = texts.filter((t) => invented(t, instruction, picked).length === 0);
  const certainPlace = groups.length === 1 || (top === picked && own.words.size > 0 && !hasRival(ranking, own));
  const ordinary = !SAYS_WHERE.test(instruction);
  if (
    certainPlace &&
    ordinary &&
    clean[0] !== undefined &&
    votes.get(clean[0])! >= 2 &&
    complete(clean[0], instruction, picked)
  ) {
    return { kind: 'apply', proposal: putOf(picked, clean[0]) };
  }
  const options: Proposal[] = [];
  for (const text of (clean.length > 0 ? clean : texts).slice(0, certainPlace ? 3 : 2))
    options.push(putOf(picked, text));
  if (top !== picked) {
    const other = await newBodies({ model, instruction, group: top, signal });
    const there = [...new Set(other)].slice(0, 2).map((text) => putOf(top, text));
    // Shared words are the better witness of a place than a small model's pick.
    if (ranking[0]!.words.size > own.words.size) options.unshift(...there);
    else options.push(...there);
  }
  return {
    kind: 'ask',
    reason: certainPlace ? 'unsure-text' : 'unsure-place',
    options: distinct(options).slice(0, MOST_OPTIONS),
  };
}

/** "after the second entry", "at the top": said by the person, and not yet followed exactly enough to go unasked. */
const SAYS_WHERE =
  /\b(?:after|before|above|below|between|at the (?:top|beginning|start)|first in)\b|之前|之后|前面|后面|上面|下面|开头|最前|第一[行条个]/i;

interface Beside {
  anchor: Place;
  side: 'after' | 'before';
  /** No other line shares as much with the words. */
  isClear: boolean;
}

const ENGLISH_SIDE =
  /\b(after|below|behind|before|above)\s+(?:the\s+)?(?:(?:one|line|row|item|entry)\s+(?:about|with|for|of|on)\s+)?([^::]+)/i;
const HAN_SIDE = /在([^::]+?)(?:的)?(之后|后面|下面|后|之前|前面|上面|前)/;

/** "after the one about Wi-Fi", "在赵晨的待办后面": the line that the words after "after" point at. */
function besideWhat(instruction: string, places: readonly Place[]): Beside | undefined {
  // Behind the colon stands the new text, and its "after" is none of ours.
  const lead = instruction.split(/[::](?!\d)/, 1)[0]!;
  const english = ENGLISH_SIDE.exec(lead);
  const han = HAN_SIDE.exec(lead);
  const words = english?.[2] ?? han?.[1];
  if (words === undefined) return undefined;
  const ranking = rankPlaces(places, words);
  const [best, next] = ranking;
  if (!best || best.words.size === 0) return undefined;
  const side = /before|above|前|上/i.test(english?.[1] ?? han?.[2] ?? '') ? 'before' : 'after';
  return { anchor: places[best.index]!, side, isClear: !next || next.score < best.score * 0.8 };
}

/** Beside a line that the person named. Asked about always: a numbered list may want its other numbers changed too. */
async function addBeside(
  input: BrainInput,
  groups: readonly Group[],
  { anchor, side, isClear }: Beside,
): Promise<Outcome> {
  const { model, instruction, signal } = input;
  const group = groups.find((g) => g.members.includes(anchor));
  if (!group) return { kind: 'refuse', reason: 'no-result', words: [] };
  const bodies = [...new Set(await newBodies({ model, instruction, group, signal }))];
  if (bodies.length === 0) return { kind: 'refuse', reason: 'no-result', words: [] };
  const isSound = (text: string) => invented(text, instruction, group).length === 0;
  const sound = bodies.some(isSound) ? bodies.filter(isSound) : bodies;
  const options = sound.slice(0, MOST_OPTIONS).map((body) => putBeside(anchor, side, body));
  return { kind: 'ask', reason: isClear ? 'unsure-text' : 'unsure-place', options: distinct(options) };
}

function putBeside(anchor: Place, side: Beside['side'], body: string): Proposal {
  const { path, version, lines } = anchor.document;
  const { line, prefix } = anchor.candidate;
  const after = side === 'after' ? line : line - 1;
  const text = (side === 'after' ? nextPrefix(prefix) : prefix) + bareOf(body, prefix);
  return { path, version, edits: [{ kind: 'put', after, anchor: lines[after - 1] ?? '', text }] };
}

/** The part of the instruction before its colon says where; behind it stands the text. */
function whereIn(instruction: string): string {
  const lead = /^(.{4,}?)[::](?!\d)/s.exec(instruction)?.[1];
  return lead && terms(lead).length > 0 ? lead : instruction;
}

function hasRival(ranking: readonly Scored[], own: Scored): boolean {
  return ranking.some((s) => isRival(own, s));
}

async function chooseGroup({ model, instruction, signal }: BrainInput, groups: readonly Group[]): Promise<number> {
  if (groups.length === 1) return 0;
  const choices = groups.map((g) => g.title);
  const { text } = await model.complete(
    {
      messages: [
        { role: 'system', content: PLACE_PROMPT },
        { role: 'user', content: `Parts:\n${choices.join('\n')}\nInstruction: ${instruction}` },
      ],
      grammar: { kind: 'choices', choices },
      maxTokens: 200,
      prefixKey: 'edit-place',
    },
    { signal },
  );
  return choices.indexOf(text);
}

/** Telling words of the new line that the instruction did not bring and no neighbour has. */
function invented(text: string, instruction: string, group: Group): string[] {
  const known = new Set(terms(`${instruction} ${group.members.map((m) => m.candidate.body).join(' ')}`));
  const knownHan = new Set<string>(instruction.match(/\p{Script=Han}/gu) ?? []);
  for (const m of group.members) for (const c of m.candidate.body.match(/\p{Script=Han}/gu) ?? []) knownHan.add(c);
  const given = new Set(terms(instruction));
  const numbers = (text.match(/\d+(?:[.,:]\d+)*/g) ?? []).filter((n) => !instruction.includes(n));
  const words = terms(text.replace(/\p{Script=Han}+/gu, ' ')).filter((t) => !known.has(t) && !given.has(t));
  return [...numbers, ...words, ...(text.match(/\p{Script=Han}/gu) ?? []).filter((c) => !knownHan.has(c))];
}

/** Every telling word of the instruction is in the new line or says where it goes. */
function complete(text: string, instruction: string, group: Group): boolean {
  return grounding(instruction, group.profile, text).missing.length === 0;
}

function putOf(group: Group, body: string): Proposal {
  const last = group.members.at(-1)!;
  const { path, version } = last.document;
  const prefix = nextPrefix(last.candidate.prefix);
  const after = last.candidate.line;
  return { path, version, edits: [{ kind: 'put', after, anchor: lineOf(last), text: prefix + bareOf(body, prefix) }] };
}

/** A model may have written the marker too. */
function bareOf(body: string, prefix: string): string {
  const marker = prefix.trim();
  return marker !== '' && body.startsWith(marker) ? body.slice(marker.length).trim() : body;
}

const HAN_NUMBERS = [
  '',
  '一',
  '二',
  '三',
  '四',
  '五',
  '六',
  '七',
  '八',
  '九',
  '十',
  '十一',
  '十二',
  '十三',
  '十四',
  '十五',
  '十六',
  '十七',
  '十八',
  '十九',
  '二十',
];

/** The marker that follows: `3. ` after `2. `, `七、` after `六、`, the same bullet after a bullet. */
export function nextPrefix(prefix: string): string {
  const arabic = /\d+/.exec(prefix)?.[0];
  if (arabic) return prefix.replace(arabic, String(Number(arabic) + 1));
  const han = /[一二三四五六七八九十]+(?=[、))])/.exec(prefix)?.[0];
  const next = han ? HAN_NUMBERS[HAN_NUMBERS.indexOf(han) + 1] : undefined;
  return han && next && HAN_NUMBERS.includes(han) ? prefix.replace(han, next) : prefix.replace(/\[[xX]\]/, '[ ]');
}
