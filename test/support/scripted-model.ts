import { mkdtempSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LiveBox } from './live-box.ts';

export interface Rule {
  /** Found anywhere in the prompt, all of it. */
  when: string | string[];
  /** A pattern that the prompt fits; `$1`, `$2` in `parts` stand for what its groups found. */
  like?: string;
  /** Found in how the answer is made to begin. */
  opening?: string;
  parts?: string[];
  /** A line of the prompt that holds `of`, changed or not, as the inside of a JSON string, between `lead` and `tail`. */
  copy?: { of: string; change?: [from: string, to: string]; lead?: string; tail: string };
  /** Never ends by itself; only a cancel ends it. */
  hold?: boolean;
}

/** Program to start the box with: `LiveBox.start({ engineProgram: SCRIPTED_ENGINE })`. */
export const SCRIPTED_ENGINE = join(import.meta.dirname, 'scripted-engine.ts');

/** Gives a box, started with the scripted engine, a model that answers by rules. */
export class ScriptedModel {
  readonly #answers: string;
  readonly id: string;

  private constructor(answers: string, id: string) {
    this.#answers = answers;
    this.id = id;
  }

  static async give(box: LiveBox, rules: Rule[], fallback = 'ok'): Promise<ScriptedModel> {
    const folder = mkdtempSync(join(tmpdir(), 'jingu-model-'));
    const answers = join(folder, 'answers.json');
    writeFileSync(answers, JSON.stringify({ rules, fallback }));
    const file = join(folder, 'scripted.gguf');
    writeFileSync(file, `GGUF${JSON.stringify({ answers })}`);
    const { id } = await box.run<{ id: string }>('model.import', { file });
    await box.run('model.load', { id });
    return new ScriptedModel(answers, id);
  }

  /** From now on it answers by these rules. */
  script(rules: Rule[], fallback = 'ok'): void {
    writeFileSync(`${this.#answers}.new`, JSON.stringify({ rules, fallback }));
    renameSync(`${this.#answers}.new`, this.#answers);
  }
}
