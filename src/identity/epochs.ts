import { fail, type Reader } from '../common/index.ts';
import { boxRow, devices, people, tokens } from './repository.ts';

/** Something lost its standing; whoever keeps sockets, streams or grants for it lets go at once. */
export interface Revocation {
  kind: 'device' | 'person' | 'token' | 'box';
  /** Id of that kind; the box's own for `box`. */
  id: string;
  /** `changed`: rights are different now and must be proved anew; the device itself stays paired. */
  reason: 'revoked' | 'suspended' | 'changed';
}

interface Standing {
  epoch: number;
  isActive: boolean;
}

/**
 * The epochs of box, people, devices and tokens, in memory, so that every call can compare them at no cost. They are
 * set right after the transaction that changed them, never before, and read once from the database at start.
 */
export class Epochs {
  #box = 0;
  #boxId = '';
  readonly #people = new Map<string, Standing>();
  readonly #devices = new Map<string, Standing & { personId: string }>();
  readonly #tokens = new Map<string, Standing & { personId: string }>();
  readonly #listeners = new Set<(revocation: Revocation) => void>();

  load(db: Reader): void {
    const box = boxRow(db);
    this.#box = box?.epoch ?? 0;
    this.#boxId = box?.boxId ?? '';
    for (const { personId, epoch, state } of people(db)) this.setPerson(personId, epoch, state === 'active');
    for (const { deviceId, personId, epoch, state } of devices(db)) {
      this.#devices.set(deviceId, { personId, epoch, isActive: state === 'active' });
    }
    for (const { tokenId, personId, revokedAt } of tokens(db)) this.addToken(tokenId, personId, revokedAt === null);
  }

  /** Called for every change that ends something; runs in the same turn as the commit. */
  onRevoked(fn: (revocation: Revocation) => void): () => void {
    this.#listeners.add(fn);
    return () => this.#listeners.delete(fn);
  }

  setBox(epoch: number): void {
    this.#box = epoch;
    this.#tell({ kind: 'box', id: this.#boxId, reason: 'changed' });
  }

  /** A person who is new or known; tells nobody. */
  setPerson(personId: string, epoch: number, isActive: boolean): void {
    this.#people.set(personId, { epoch, isActive });
  }

  changePerson(personId: string, epoch: number, isActive: boolean): void {
    this.setPerson(personId, epoch, isActive);
    this.#tell({ kind: 'person', id: personId, reason: isActive ? 'changed' : 'suspended' });
  }

  addDevice(deviceId: string, personId: string, epoch: number): void {
    this.#devices.set(deviceId, { personId, epoch, isActive: true });
  }

  changeDevice(deviceId: string, epoch: number, isActive: boolean): void {
    const known = this.#devices.get(deviceId);
    if (!known) return;
    this.#devices.set(deviceId, { ...known, epoch, isActive });
    this.#tell({ kind: 'device', id: deviceId, reason: isActive ? 'changed' : 'revoked' });
  }

  addToken(tokenId: string, personId: string, isActive: boolean): void {
    this.#tokens.set(tokenId, { personId, epoch: isActive ? 1 : 2, isActive });
  }

  revokeToken(tokenId: string): void {
    const known = this.#tokens.get(tokenId);
    if (!known) return;
    this.#tokens.set(tokenId, { ...known, epoch: 2, isActive: false });
    this.#tell({ kind: 'token', id: tokenId, reason: 'revoked' });
  }

  get box(): number {
    return this.#box;
  }

  /** Sum over box, person and device. It only grows, so an equal sum means that none of the three has changed. */
  ofDevice(deviceId: string): number {
    const device = this.#devices.get(deviceId);
    if (!device) throw fail('DEVICE_UNKNOWN');
    if (!device.isActive) throw fail('DEVICE_REVOKED');
    return device.epoch + this.ofPerson(device.personId);
  }

  ofToken(tokenId: string): number {
    const token = this.#tokens.get(tokenId);
    if (!token?.isActive) throw fail('TOKEN_INVALID');
    return token.epoch + this.ofPerson(token.personId);
  }

  /** Box and person together. Throws PERSON_SUSPENDED. */
  ofPerson(personId: string): number {
    const person = this.#people.get(personId);
    if (!person?.isActive) throw fail('PERSON_SUSPENDED');
    return person.epoch + this.#box;
  }

  #tell(revocation: Revocation): void {
    for (const fn of [...this.#listeners]) fn(revocation);
  }
}
