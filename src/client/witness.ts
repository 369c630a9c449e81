import { checkWitness, type Hello, parseCheckpoint, verifyCheckpoint } from '../protocol/index.ts';
import type { Ask } from './client.ts';
import { Emitter } from './emitter.ts';
import { type CallError, localError } from './errors.ts';

/** What a witness keeps between connections. */
export interface KeptHead {
  /** C2SP signed note of the newest checkpoint that was found consistent. */
  note: string;
  /** Verifier key of the audit log, pinned at the first connection. */
  verifier: string;
}

export interface WitnessStore {
  load(): Promise<KeptHead | undefined>;
  save(kept: KeptHead): Promise<void>;
}

export type WitnessState =
  | { kind: 'nothing-yet' }
  | { kind: 'verified'; to: number }
  /** The proof could not be had this time; what was kept still stands. */
  | { kind: 'unchecked'; to: number; reason: string }
  | { kind: 'alarm'; kept: string; shown: string; error: CallError };

/**
 * This device as a witness of the audit log: it keeps the newest checkpoint and demands, at each connection, a proof
 * that the log has only grown since. Root on the box can rewrite a lone chain, but not what its phones remember.
 * An alarm keeps the old head and both notes; work goes on, because a restored backup looks the same from here and a
 * person must judge it.
 */
export class Witness {
  readonly #store: WitnessStore;
  readonly #events = new Emitter<{ state: WitnessState }>();
  state: WitnessState = { kind: 'nothing-yet' };

  constructor(store: WitnessStore) {
    this.#store = store;
  }

  onState(listener: (state: WitnessState) => void): () => void {
    return this.#events.on('state', listener);
  }

  /** For `session.connect`: what the box has to continue. */
  async seenAuditHead(): Promise<{ size: number; root: string } | undefined> {
    const kept = parse((await this.#store.load())?.note);
    return kept && { size: kept.size, root: btoa(String.fromCharCode(...kept.root)) };
  }

  /** Given to the client as `welcome`. Never rejects: what it found is `state`. */
  async welcome(hello: Hello, ask: Ask): Promise<void> {
    if (!hello.auditHead || !hello.caller.scopes.includes('box.read')) return;
    try {
      await this.#compare(hello.auditHead.note, ask);
    } catch (error) {
      const kept = parse((await this.#store.load())?.note);
      const reason = error instanceof Error ? error.message : String(error);
      this.#set(kept ? { kind: 'unchecked', to: kept.size, reason } : { kind: 'nothing-yet' });
    }
  }

  /** A person judged the alarm, a restored backup say: from now on the shown head is the one to continue. */
  async accept(): Promise<void> {
    if (this.state.kind !== 'alarm') return;
    const kept = await this.#store.load();
    const shown = parse(this.state.shown);
    if (kept && shown) {
      await this.#store.save({ ...kept, note: this.state.shown });
      this.#set({ kind: 'verified', to: shown.size });
    }
  }

  async #compare(note: string, ask: Ask): Promise<void> {
    const kept = await this.#store.load();
    const verifier = kept?.verifier ?? ((await ask('audit.head', {})) as { verifier: string }).verifier;
    const shown = parse(note);
    if (!shown || !(await verifyCheckpoint(shown, verifier))) {
      this.#alarm(kept?.note ?? '', note, 'the newest checkpoint is not signed by its key');
      return;
    }
    const before = parse(kept?.note);
    if (before && kept) {
      const path = shown.size > before.size ? await proofOf(ask, before.size, shown.size) : [];
      const verdict = await checkWitness(before, shown, path);
      if (verdict !== 'consistent') {
        this.#alarm(kept.note, note, `it is ${verdict} after record ${Math.min(before.size, shown.size)}`);
        return;
      }
    }
    await this.#store.save({ note, verifier });
    this.#set({ kind: 'verified', to: shown.size });
  }

  #alarm(kept: string, shown: string, reason: string): void {
    this.#set({ kind: 'alarm', kept, shown, error: localError('CLIENT_RECORD_FORKED', { reason, kept, shown }) });
  }

  #set(state: WitnessState): void {
    this.state = state;
    this.#events.emit('state', state);
  }
}

async function proofOf(ask: Ask, from: number, to: number): Promise<string[]> {
  const { proof } = (await ask('audit.consistency', { from, to })) as { proof?: string[] };
  if (!Array.isArray(proof)) throw localError('CLIENT_ANSWER_INVALID', { reason: 'consistency proof' });
  return proof;
}

function parse(note: string | undefined) {
  return note === undefined ? undefined : parseCheckpoint(note);
}
