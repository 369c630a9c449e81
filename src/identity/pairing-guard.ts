import { type Database, isJinguError, type Logger, type Tx } from '../common/index.ts';
import type { FailureLimiter } from './failure-limiter.ts';
import type { PairingRecords } from './pairing-records.ts';
import { boxRow, closeAllPairings, countPairFailure, forgivePairFailures } from './repository.ts';
import type { Source } from './sessions.ts';

/** Wrong secrets over all windows before pairing locks until someone stands at the box (Matter takes 20, too). */
const MOST_FAILURES = 20;

/** Slows down whoever guesses, by source, and ends pairing after too many wrong secrets from wherever they came. */
export class PairingGuard {
  readonly #o: { db: Database; log: Logger; limiter: FailureLimiter };
  readonly #records: PairingRecords;
  #failures = 0;

  constructor(o: { db: Database; log: Logger; limiter: FailureLimiter }, records: PairingRecords) {
    this.#o = o;
    this.#records = records;
  }

  /** Reads how many there were before the start. */
  recover(tx: Tx): void {
    this.#failures = boxRow(tx)?.pairFailures ?? 0;
  }

  get isLocked(): boolean {
    return this.#failures >= MOST_FAILURES;
  }

  /** Lifts the lock once the transaction is committed. */
  forgive(tx: Tx): void {
    forgivePairFailures(tx);
    tx.afterCommit(() => {
      this.#failures = 0;
    });
  }

  /** One step of a pairing. Throws LOCKED_OUT before it, and what it throws; failures that may be guesses count. */
  async run<T>(source: Source, step: () => Promise<T>): Promise<T> {
    const { limiter, log } = this.#o;
    limiter.assertOpen(source.address, 'pair');
    try {
      return await step();
    } catch (error) {
      const isGuess = isJinguError(error) && (error.category === 'unauthenticated' || error.code === 'PAIRING_TAKEN');
      if (isGuess && limiter.failed(source.address, 'pair')) {
        log.warn({ address: source.address, kind: 'pair' }, 'source-locked');
      }
      throw error;
    }
  }

  /** A wrong secret for a window that exists. The count is durable: a crash must not give a guesser new tries. */
  async countFailure(pairingId: string, source: Source): Promise<void> {
    this.#failures += 1;
    const { isLocked } = this;
    await this.#o.db.write((tx) => {
      countPairFailure(tx);
      this.#records.refused(tx, pairingId, 'wrong-secret', source);
      if (!isLocked) return;
      closeAllPairings(tx, 'locked');
      this.#records.locked(tx, pairingId);
    });
  }
}
