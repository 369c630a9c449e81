import { createHash } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isJinguError } from '../../src/common/index.ts';
import * as rows from '../../src/realdoc/repository/index.ts';
import { unpackChange } from '../../src/realdoc/text/codec.ts';
import { DocBox } from './doc-box.ts';
import { diceFrom } from './random.ts';
import {
  applyVerb,
  type ModelLine,
  type ModelText,
  type ModelVerb,
  readModel,
  sameLine,
  targetsOf,
  writeModel,
} from './text-model.ts';

export interface AddressReport {
  trials: number;
  landed: number;
  /** Landed although an addressed line had been another one in between: its bytes and its place were the same again. */
  returned: number;
  refused: Record<string, number>;
  /** Versions that lay between the base of a landed edit and its head, at most. */
  oldest: number;
  saves: number;
  wrong: string[];
}

/** What is known of one version: its text, and whether lines keep their identity from the version before. */
interface Known {
  text: ModelText;
  isBlurred: boolean;
}

interface Trial {
  base: number;
  verbs: ModelVerb[];
  isGuardWrong: boolean;
  input: Record<string, unknown>;
}

const OK_REFUSALS = new Set([
  'DOC_STALE_TARGET',
  'DOC_NO_CHANGE',
  'DOC_GUARD_FAILED',
  'DOC_AMBIGUOUS',
  'DOC_TEXT_NOT_FOUND',
  'DOC_ENCODING',
  'DOC_BUSY',
]);

const LANES = 12;

/** A seeded generator, so that a failure names what to repeat. */
class Dice {
  readonly below: (n: number) => number;
  constructor(seed: number) {
    this.below = diceFrom(seed);
  }
  one<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}

/**
 * Edits of random bases by several hands at once, with saves by other programs in between, on texts full of equal
 * lines, mixed line ends, BOMs, bytes that are no UTF-8 and very long lines. Each edit that lands is compared with what
 * the model makes of it, byte for byte; each refusal must be typed, and must have a reason.
 */
export async function addressTrials(trials: number, seed: number): Promise<AddressReport> {
  const report: AddressReport = { trials: 0, landed: 0, returned: 0, refused: {}, oldest: 0, saves: 0, wrong: [] };
  const box = await DocBox.open();
  try {
    await box.addWorkspace();
    let round = 0;
    const lane = async (): Promise<void> => {
      while (report.trials < trials && report.wrong.length === 0) {
        const dice = new Dice(seed * 7919 + ++round * 104_729);
        await new Round(box, report, dice, `d${round}.txt`).run(Math.min(60, trials - report.trials));
      }
    };
    // Other programs' saves are waited for, so several documents are worked on at a time.
    await Promise.all(Array.from({ length: LANES }, lane));
  } finally {
    await box.destroy();
  }
  return report;
}

class Round {
  readonly #box: DocBox;
  readonly #report: AddressReport;
  readonly #dice: Dice;
  readonly #name: string;
  readonly #isUtf8: boolean;
  readonly #known: Known[] = [];
  #serial = 0;
  /** The head is an edit of ours: undo takes back that one. */
  #wasEdit = false;

  constructor(box: DocBox, report: AddressReport, dice: Dice, name: string) {
    this.#box = box;
    this.#report = report;
    this.#dice = dice;
    this.#name = name;
    this.#isUtf8 = dice.below(5) > 0;
  }

  get #head(): Known {
    return this.#known.at(-1)!;
  }

  async run(trials: number): Promise<void> {
    const first = this.#firstText();
    await this.#box.write(this.#name, first);
    await this.#box.call('doc.read', { path: this.#path });
    this.#known.push({ text: readModel(first), isBlurred: false });
    for (let done = 0; done < trials; ) {
      if (this.#dice.below(9) === 0) await this.#save();
      if (this.#dice.below(14) === 0) await this.#takeBack();
      const many = Math.min(trials - done, this.#dice.below(3) === 0 ? 2 + this.#dice.below(3) : 1);
      const batch = Array.from({ length: many }, () => this.#trial());
      await this.#judge(batch, await Promise.all(batch.map((trial) => this.#call(trial))));
      done += many;
      this.#report.trials += many;
      if (this.#report.wrong.length > 0) return;
    }
    await this.#written();
    const file = await this.#onShare();
    if (!file.equals(writeModel(this.#head.text))) this.#wrong('the file on the share is not the head');
  }

  get #path(): string {
    return `office/${this.#name}`;
  }

  /** Resolves once the file holds the head. Long texts are not written after each edit. */
  async #written(): Promise<void> {
    for (;;) {
      const status = { path: this.#path, waitMs: 1000 };
      const { documents } = await this.#box.call<{ documents: { state: string }[] }>('doc.status', status);
      if (documents[0]?.state === 'written') return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async #onShare(): Promise<Buffer> {
    return readFile(join(this.#box.root, this.#name));
  }

  #firstText(): Buffer {
    const count = 1 + this.#dice.below(40);
    const lines = Array.from({ length: count }, (_, i) => {
      const isLast = i === count - 1;
      const end = isLast && this.#dice.below(3) === 0 ? '' : this.#dice.below(4) === 0 ? '\r\n' : '\n';
      return Buffer.concat([this.#body(), Buffer.from(end)]);
    });
    const bom = this.#isUtf8 && this.#dice.below(4) === 0 ? [Buffer.from('\ufeff')] : [];
    const text = Buffer.concat([...bom, ...lines]);
    // A text without any line cannot be addressed.
    return text.length === 0 ? Buffer.from('x\n') : text;
  }

  /** Mostly one of a few bodies, so that most lines are there several times. */
  #body(): Buffer {
    const kind = this.#dice.below(20);
    if (kind === 0) return Buffer.from(`${'long '.repeat(2000 + this.#dice.below(20_000))}${this.#dice.below(3)}`);
    if (kind === 1 && !this.#isUtf8)
      return Buffer.from([0x63, 0x61, 0x66, 0xe9, 0x20, 0xc3, this.#dice.below(3) + 0x28]);
    if (kind === 2) return Buffer.from('');
    return Buffer.from(
      this.#dice.one([
        'same',
        'same again',
        '}',
        '    return x;',
        '\ttabbed',
        this.#isUtf8 ? '第一条 总则' : 'plain',
        'a | b | c',
      ]),
    );
  }

  #fresh(): string {
    if (this.#dice.below(3) === 0) return this.#dice.one(['same', '}', '    return x;', '\ttabbed', '']);
    return `new ${this.#serial++}${this.#isUtf8 && this.#dice.below(4) === 0 ? ' grün 😀' : ''}`;
  }

  #texts(): string[] {
    return Array.from({ length: 1 + this.#dice.below(3) }, () => this.#fresh());
  }

  #trial(): Trial {
    const head = this.#known.length;
    const back = this.#dice.below(3) === 0 ? this.#dice.below(head) : this.#dice.below(Math.min(head, 6));
    let base = head - back;
    while (this.#known[base - 1]!.text.length === 0) base--;
    const text = this.#known[base - 1]!.text;
    const verbs: ModelVerb[] = [];
    let from = 1 + this.#dice.below(text.length);
    for (let n = 0; n < 3 && from <= text.length; n++) {
      const to = Math.min(text.length, from + this.#dice.below(3));
      const verb = this.#verb(text, from, to);
      // Lines may move beside any other, so a move is a call of its own.
      if (verb.kind === 'move' && n > 0) break;
      verbs.push(verb);
      if (verb.kind === 'move' || this.#dice.below(3) > 0) break;
      from = to + 2 + this.#dice.below(4);
    }
    const guard = this.#guard(text, verbs[0]!);
    const input = verbs.map((verb, i) => ({ ...toInput(verb), ...(i === 0 ? guard.input : {}) }));
    return { base, verbs, isGuardWrong: guard.isWrong, input: { path: this.#path, base, verbs: input } };
  }

  #verb(text: ModelText, from: number, to: number): ModelVerb {
    const line = text[from - 1]!;
    const words = line.body.toString('utf8');
    switch (this.#dice.below(7)) {
      case 0:
        return { kind: 'cut', from, to };
      case 1:
        return { kind: 'put', side: '>', line: from, text: this.#texts() };
      case 2:
        return { kind: 'put', side: '<', line: from, text: this.#texts() };
      case 3: {
        const side = this.#dice.one(['>', '<'] as const);
        const anchors = text
          .map((_, i) => i + 1)
          .filter((n) => (n < from || n > to) && (side === '>' ? n !== from - 1 : n !== to + 1));
        return anchors.length > 0
          ? { kind: 'move', from, to, side, line: this.#dice.one(anchors) }
          : { kind: 'cut', from, to };
      }
      case 4: {
        const find = words.slice(0, 4);
        if (find.length > 0 && words.split(find).length === 2 && line.body.indexOf(find) >= 0)
          return { kind: 'sub', line: from, find, replace: `s${this.#serial++}` };
        break;
      }
      case 5: {
        const chars = [...words];
        // What is no UTF-8 would not survive the model's own decoding.
        if (chars.length > 0 && chars.length < 500 && Buffer.from(words).equals(line.body)) {
          const first = 1 + this.#dice.below(chars.length);
          const last = Math.min(chars.length, first + this.#dice.below(4));
          return { kind: 'chars', line: from, first, last, text: `c${this.#serial++}` };
        }
        break;
      }
    }
    return { kind: 'set', from, to, text: this.#texts() };
  }

  #guard(text: ModelText, verb: ModelVerb): { isWrong: boolean; input: object } {
    const [span] = targetsOf(verb);
    if (!span || verb.kind === 'chars' || verb.kind === 'sub' || this.#dice.below(3) > 0)
      return { isWrong: false, input: {} };
    const lines = text.slice(span[0] - 1, span[1]);
    const whole = writeModel(lines);
    const bare = whole.subarray(0, whole.length - lines.at(-1)!.end.length);
    const isWrong = this.#dice.below(4) === 0;
    // Of other encodings the hash is that of the text as it is shown.
    if (this.#isUtf8 && this.#dice.below(2) === 0) {
      const digest = createHash('sha256')
        .update(isWrong ? 'other' : bare)
        .digest('hex');
      return { isWrong, input: { hash: digest.slice(0, 12) } };
    }
    const was = isWrong ? 'nowhere in it' : lines[0]!.body.toString('utf8').slice(0, 20);
    return was === '' || was.includes('\ufffd') ? { isWrong: false, input: {} } : { isWrong, input: { was } };
  }

  async #call({ input }: Trial): Promise<{ version: number } | { code: string }> {
    try {
      return await this.#box.call<{ version: number }>('doc.edit', input);
    } catch (error) {
      if (isJinguError(error)) return { code: error.code };
      throw error;
    }
  }

  async #judge(batch: Trial[], results: ({ version: number } | { code: string })[]): Promise<void> {
    const began = this.#known.length;
    const landed = new Map(results.flatMap((r, i) => ('version' in r ? [[r.version, batch[i]!] as const] : [])));
    await this.#learn(landed);
    for (const [i, result] of results.entries()) {
      if (!('code' in result) || result.code === '') continue;
      this.#report.refused[result.code] = (this.#report.refused[result.code] ?? 0) + 1;
      const { base, isGuardWrong } = batch[i]!;
      if (!OK_REFUSALS.has(result.code)) this.#wrong(`refused with ${result.code}`, batch[i]);
      if (result.code === 'DOC_GUARD_FAILED' && !isGuardWrong) this.#wrong('a guard that holds failed', batch[i]);
      const isAlone = base === began && landed.size === 0 && this.#known.length === began;
      if (result.code === 'DOC_STALE_TARGET' && isAlone) this.#wrong('stale at its own head', batch[i]);
    }
  }

  /** Takes in the versions that came since: each is an edit to be judged, or what another program saved. */
  async #learn(landed: ReadonlyMap<number, Trial>, save?: { bytes: Buffer; text: ModelText }): Promise<void> {
    let open = save;
    const began = this.#known.length;
    const file = await this.#box.room.locate(this.#path);
    for (let version = this.#known.length + 1; version <= file.head; version++) {
      const bytes = this.#box.room.documents.at(file, version).toBuffer();
      const trial = landed.get(version);
      if (trial) this.#judgeLanded(trial, version, bytes);
      // Nothing came between: every line of the save is known.
      else if (open && bytes.equals(open.bytes)) {
        this.#known.push({ text: open.text, isBlurred: version !== began + 1 });
        open = undefined;
      }
      // A merge or a save that nobody told us of: its lines are taken as new ones.
      else {
        this.#known.push({ text: readModel(bytes), isBlurred: true });
        this.#wasEdit = false;
      }
    }
  }

  #judgeLanded(trial: Trial, version: number, bytes: Buffer): void {
    this.#report.landed++;
    this.#wasEdit = true;
    this.#report.oldest = Math.max(this.#report.oldest, version - 1 - trial.base);
    if (trial.isGuardWrong) this.#wrong('landed although its guard does not hold', trial);
    const base = this.#known[trial.base - 1]!.text;
    const head = this.#head.text;
    const isBlurred = this.#known.slice(trial.base).some((known) => known.isBlurred);
    const exact = isBlurred ? undefined : onHead(base, head, trial.verbs);
    if (exact && writeModel(exact).equals(bytes)) {
      this.#learnText(exact, bytes);
      return;
    }
    if (exact) this.#wrong(`version ${version} is not what the model makes of it`, trial, bytes, exact);
    const alikes = wherever(base, head, trial.verbs, isBlurred, bytes).filter((text) => writeModel(text).equals(bytes));
    const [alike] = alikes;
    if (!alike && !exact) this.#wrong(`version ${version} changed lines that are not the addressed ones`, trial, bytes);
    if (alike && !exact) this.#report.returned++;
    this.#learnText(alike ?? readModel(bytes), bytes);
    // Equal bytes with other lines behind them: from here on nobody can say which of the equal lines is which.
    if (alikes.some((text) => text.some((line, i) => line !== alike![i]))) this.#known.at(-1)!.isBlurred = true;
  }

  /** A line without a line end that got a neighbour runs into it: then all lines are read anew. */
  #learnText(text: ModelText, bytes: Buffer): void {
    const read = readModel(bytes);
    const isSame = read.length === text.length && read.every((line, i) => sameLine(line, text[i]!));
    this.#known.push({ text: isSame ? text : read, isBlurred: !isSame });
  }

  /** Another program saves: it changes lines that are there only once, so that nobody can mistake which. */
  async #save(): Promise<void> {
    await this.#written();
    const head = this.#head.text;
    const isOnce = (line: ModelLine): boolean => head.filter((other) => other.body.equals(line.body)).length === 1;
    const saved: ModelLine[] = [];
    for (const line of head) {
      const dice = this.#dice.below(8);
      const fresh = (): ModelLine => ({ body: Buffer.from(`saved ${this.#serial++}`), end: line.end || '\n' });
      if (dice === 0 && line.end !== '') saved.push(fresh(), line);
      else if (dice === 1 && line.end !== '' && isOnce(line)) saved.push(fresh());
      else if (dice !== 2 || line.end === '' || !isOnce(line)) saved.push(line);
    }
    if (saved.length === 0 || writeModel(saved).equals(writeModel(head))) return;
    this.#report.saves++;
    this.#wasEdit = false;
    const target = join(this.#box.root, this.#name);
    await writeFile(`${target}.tmp~`, writeModel(saved));
    await rename(`${target}.tmp~`, target);
    // Half of the time the next edits find the save by themselves.
    const race = this.#dice.below(2) === 0;
    const trial = race ? this.#trial() : undefined;
    const result = trial && (await this.#call(trial));
    const bytes = writeModel(saved);
    await this.#noticed(bytes);
    const landed = new Map(trial && result && 'version' in result ? [[result.version, trial] as const] : []);
    await this.#learn(landed, { bytes, text: saved });
    if (!trial || !result) return;
    this.#report.trials++;
    await this.#judge([trial], 'version' in result ? [{ code: '' }] : [result]);
  }

  /** Resolves once the save is a version, byte for byte. */
  async #noticed(bytes: Buffer): Promise<void> {
    for (let round = 0; round < 400; round++) {
      const file = await this.#box.room.locate(this.#path);
      for (let v = this.#known.length + 1; v <= file.head; v++) {
        if (this.#box.room.documents.at(file, v).toBuffer().equals(bytes)) return;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    this.#wrong('a save never became a version');
  }

  /** The last version is undone: the very lines of before are there again. Or the document goes back to any version. */
  async #takeBack(): Promise<void> {
    const head = this.#known.length;
    if (head < 2) return;
    const isUndo = this.#wasEdit && this.#dice.below(2) === 0;
    const to = isUndo ? head - 1 : 1 + this.#dice.below(head - 1);
    try {
      if (isUndo) await this.#box.call('doc.undo', { path: this.#path });
      else await this.#box.call('doc.rollback', { path: this.#path, to: `v${to}` });
    } catch (error) {
      if (isJinguError(error) && error.code === 'DOC_NO_CHANGE') return;
      throw error;
    }
    this.#wasEdit = false;
    const file = await this.#box.room.locate(this.#path);
    const bytes = this.#box.room.documents.at(file, file.head).toBuffer();
    const { text } = this.#known[to - 1]!;
    if (!bytes.equals(writeModel(text))) this.#wrong(`going back to version ${to} gives another text`);
    // Where many versions went at once nobody can say which of several equal lines came back.
    this.#known.push({ text: isUndo ? text : readModel(bytes), isBlurred: !isUndo });
  }

  #wrong(what: string, trial?: Trial, bytes?: Buffer, exact?: ModelText): void {
    const show = (text: Buffer): string =>
      JSON.stringify(
        text
          .toString('latin1')
          .replaceAll(/(long ){9,}/g, 'LONG ')
          .slice(0, 1500),
      );
    const lines = [`${this.#name}: ${what}`, `  head v${this.#known.length} ${show(writeModel(this.#head.text))}`];
    if (trial) {
      lines.push(`  call ${JSON.stringify(trial.input)}`);
      for (let v = trial.base; v < this.#known.length; v++) {
        lines.push(`  ${v === trial.base ? 'base ' : ''}v${v} ${show(writeModel(this.#known[v - 1]!.text))}`);
      }
      lines.push(...splicesSince(this.#box, this.#name, trial.base));
    }
    if (exact) lines.push(`  want ${show(writeModel(exact))}`);
    if (bytes) lines.push(`  have ${show(bytes)}`);
    this.#report.wrong.push(lines.join('\n'));
  }
}

/** How the room itself tells what happened since a version. */
function splicesSince(box: DocBox, name: string, base: number): string[] {
  const file = rows.fileAt(box.store, box.room.workspace('office').id, name);
  if (!file) return [];
  return rows.opsBetween(box.store, file.id, base, file.head).map((op) => {
    const splices = op.isFull ? [] : unpackChange(op.splices);
    const shown = splices.map(
      ({ at, del, ins }) => `${at} -${JSON.stringify(`${Buffer.from(del)}`)} +${JSON.stringify(`${Buffer.from(ins)}`)}`,
    );
    return `  v${op.version} ${op.source} of v${op.base}${op.isFull ? ' (full)' : ''}: ${shown.join('; ')}`;
  });
}

function toInput(verb: ModelVerb): object {
  const range = (from: number, to: number): string => (from === to ? `${from}` : `${from}-${to}`);
  switch (verb.kind) {
    case 'set':
      return { set: range(verb.from, verb.to), text: verb.text };
    case 'cut':
      return { cut: range(verb.from, verb.to) };
    case 'put':
      return { put: `${verb.side}${verb.line}`, text: verb.text };
    case 'move':
      return { move: range(verb.from, verb.to), to: `${verb.side}${verb.line}` };
    case 'sub':
      return { sub: { line: verb.line, find: verb.find, replace: verb.replace } };
    case 'chars':
      return { set: `${verb.line}:${verb.first}-${verb.last}`, text: [verb.text] };
  }
}

/** The head after the verbs, if every line that they hold on to is still there, side by side as it was. */
function onHead(base: ModelText, head: ModelText, verbs: readonly ModelVerb[]): ModelLine[] | undefined {
  const places = new Map(head.map((line, i) => [line, i]));
  for (const [from, to] of verbs.flatMap(targetsOf)) {
    const first = places.get(base[from - 1]!);
    for (let n = from; n <= to; n++)
      if (first === undefined || places.get(base[n - 1]!) !== first + n - from) return undefined;
  }
  return applyAll(base, head, verbs, (line) => base[line - 1]!);
}

function applyAll(
  base: ModelText,
  head: ModelText,
  verbs: readonly ModelVerb[],
  lineOf: (line: number) => ModelLine,
): ModelLine[] {
  let now: ModelLine[] = [...head];
  // From the back, so that what a verb puts in is not taken for the end of the text by the one before it.
  for (const verb of verbs.toReversed()) now = applyVerb(base, now, verb, (line) => now.indexOf(lineOf(line)));
  // A last line without a line end and without text is no line.
  return now.filter((line) => line.body.length > 0 || line.end !== '');
}

/**
 * What the verbs make of the head if their lines are taken to be others that read exactly the same, in the same order
 * and between the same neighbours as far as these are still there. Lines come back this way by undo, or by being
 * replaced with themselves.
 */
function wherever(
  base: ModelText,
  head: ModelText,
  verbs: readonly ModelVerb[],
  isBlurred: boolean,
  result: Buffer,
): ModelLine[][] {
  const lines = new Set(readModel(result).map((line) => line.body.toString('utf8')));
  const known = new Map(head.map((line, i) => [line, i]));
  const spans = verbs
    .flatMap((verb, i) => targetsOf(verb).map((span) => ({ span, i })))
    .sort((a, b) => a.span[0] - b.span[0]);
  const out: ModelLine[][] = [];
  const choose = (n: number, taken: Map<number, ModelLine>, after: number, now: readonly ModelVerb[]): void => {
    if (out.length > 5000) return;
    const next = spans[n];
    if (!next) {
      out.push(applyAll(base, head, now, (line) => taken.get(line)!));
      return;
    }
    const [from, to] = next.span;
    const size = to - from + 1;
    let least = after;
    let most = head.length - size;
    if (!isBlurred) {
      for (let i = 0; i < from - 1; i++) least = Math.max(least, (known.get(base[i]!) ?? -1) + 1);
      for (let i = to; i < base.length; i++) most = Math.min(most, (known.get(base[i]!) ?? head.length) - size);
    }
    const verb = verbs[next.i]!;
    // The only line that went and the only one that came which read the same: it is itself, wherever it stands.
    const isOnce = (text: ModelText, other: ModelText): boolean =>
      text.filter((line) => !other.includes(line) && sameLine(line, base[from - 1]!)).length === 1;
    if (size === 1 && isOnce(base, head) && isOnce(head, base)) {
      least = 0;
      most = head.length - 1;
    }
    for (let at = least; at <= most; at++) {
      const here = (with_: readonly ModelVerb[]): void => {
        const more = new Map(taken);
        for (let i = 0; i < size; i++) more.set(from + i, head[at + i]!);
        choose(n + 1, more, at + size, with_);
      };
      if (verb.kind !== 'chars') {
        if (base.slice(from - 1, to).every((line, i) => sameLine(line, head[at + i]!))) here(now);
        continue;
      }
      // Other characters of the line may have changed: these may have moved in it.
      const wanted = [...base[from - 1]!.body.toString('utf8')].slice(verb.first - 1, verb.last);
      if (head[at]!.body.length > 4000) continue;
      const there = [...head[at]!.body.toString('utf8')];
      for (let first = 0; first + wanted.length <= there.length; first++) {
        if (!wanted.every((char, i) => char === there[first + i])) continue;
        const made = [...there.slice(0, first), verb.text, ...there.slice(first + wanted.length)].join('');
        if (!lines.has(made)) continue;
        here(now.with(next.i, { ...verb, first: first + 1, last: first + wanted.length }));
      }
    }
  };
  choose(0, new Map(), 0, verbs);
  return out;
}
