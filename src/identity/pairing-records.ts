import { canonicalJson, type Database, type Logger, type Tx } from '../common/index.ts';
import type { IdentityJournal } from './ports.ts';
import type { PairingClaim } from './records.ts';
import type { Source } from './sessions.ts';
import { sha256 } from './signatures.ts';

type Refusal = 'wrong-secret' | 'second-device' | 'spki-mismatch';

/** What pairing puts on record and tells administrators, for steps that no operation carries. */
export class PairingRecords {
  readonly #o: { db: Database; journal: IdentityJournal; log: Logger };

  constructor(options: { db: Database; journal: IdentityJournal; log: Logger }) {
    this.#o = options;
  }

  bound(tx: Tx, pairingId: string, claim: PairingClaim): void {
    const { devicePub, ...shown } = claim;
    this.#tell(tx, { pairingId, state: 'bound', ...shown });
    const deviceKeyHash = sha256(canonicalJson(devicePub)).toString('hex');
    this.#record(tx, 'pair-bound', { pairingId, deviceKeyHash, address: claim.address });
  }

  refused(tx: Tx, pairingId: string, reason: Refusal, { address }: Source): void {
    this.#record(tx, 'pair-refused', { pairingId, reason, address });
  }

  locked(tx: Tx, pairingId: string): void {
    this.#tell(tx, { pairingId, state: 'locked' });
  }

  expired(tx: Tx, pairingId: string): void {
    this.#tell(tx, { pairingId, state: 'closed', reason: 'expired' });
  }

  /** In a transaction of its own. Its failure is logged: it must not turn a refusal into something else. */
  async alarm(pairingId: string, reason: Refusal, source: Source): Promise<void> {
    const { db, log } = this.#o;
    const { address } = source;
    log.warn({ pairingId, reason, address }, 'pairing-alarm');
    try {
      await db.write((tx) => {
        this.refused(tx, pairingId, reason, source);
        this.#tell(tx, { pairingId, state: 'alarm', reason, address });
      });
    } catch (error) {
      log.error({ reason: String(error) }, 'pairing-alarm-not-recorded');
    }
  }

  #tell(tx: Tx, data: Record<string, unknown>): void {
    this.#o.journal.emit(tx, 'box', 'pair-state', data);
  }

  #record(tx: Tx, type: string, body: Record<string, unknown>): void {
    this.#o.journal.record(tx, { type, actor: null, body });
  }
}
