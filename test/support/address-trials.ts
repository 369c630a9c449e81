import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isJinguError } from '../../src/common/index.ts';
import { faultText } from './address-fault.ts';
import { AddressMaker, type Trial } from './address-maker.ts';
import { onHead, wherever } from './address-outcomes.ts';
import { DocBox } from './doc-box.ts';
import { type ModelLine, type ModelText, readModel, sameLine, writeModel } from './text-model.ts';

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
        const maker = new AddressMaker(seed * 7919 + ++round * 104_729);
        await new Round(box, report, maker, `d${round}.txt`).run(Math.min(60, trials - report.trials));
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
  readonly #maker: AddressMaker;
  readonly #name: string;
  readonly #known: Known[] = [];
  /** The head is an edit of ours: undo takes back that one. */
  #wasEdit = false;

  constructor(box: DocBox, report: AddressReport, maker: AddressMaker, name: string) {
    this.#box = box;
    this.#report = report;
    this.#maker = maker;
    this.#name = name;
  }

  get #head(): Known {
    return this.#known.at(-1)!;
  }

  async run(trials: number): Promise<void> {
    const first = this.#maker.firstText();
    await this.#box.write(this.#name, first);
    await this.#box.call('doc.read', { path: this.#path });
    this.#known.push({ text: readModel(first), isBlurred: false });
    for (let done = 0; done < trials; ) {
      if (this.#maker.dice.below(9) === 0) await this.#save();
      if (this.#maker.dice.below(14) === 0) await this.#takeBack();
      const many = Math.min(trials - done, this.#maker.dice.below(3) === 0 ? 2 + this.#maker.dice.below(3) : 1);
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

  #trial(): Trial {
    return this.#maker.trial(
      this.#path,
      this.#known.map(({ text }) => text),
    );
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
      const dice = this.#maker.dice.below(8);
      const fresh = (): ModelLine => ({ body: Buffer.from(`saved ${this.#maker.next()}`), end: line.end || '\n' });
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
    const race = this.#maker.dice.below(2) === 0;
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
    const isUndo = this.#wasEdit && this.#maker.dice.below(2) === 0;
    const to = isUndo ? head - 1 : 1 + this.#maker.dice.below(head - 1);
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
    const versions = this.#known.map(({ text }) => text);
    const fault = { name: this.#name, versions, what, trial, bytes, exact };
    this.#report.wrong.push(faultText(this.#box, fault));
  }
}
