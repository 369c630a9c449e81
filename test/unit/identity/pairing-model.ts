import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { checkNumber, type PairBegin, type PairProve, pairTranscript } from '../../../src/protocol/index.ts';
import { TestPhone } from '../../support/phone.ts';
import { codeOf, type TestBox } from './test-box.ts';

/** What the world may do next. Indexes count from the newest, modulo what there is. */
export type Action =
  | { do: 'open' }
  | { do: 'scan'; phone: number; window: number }
  | { do: 'restart-phone'; phone: number }
  | { do: 'deliver'; message: number; keep: boolean; answerLost: boolean }
  | { do: 'deliver-two'; first: number; second: number }
  | { do: 'drop'; message: number }
  | { do: 'confirm'; window: number; digits: 'right' | 'wrong'; role: 'member' | 'system-admin' }
  | { do: 'cancel'; window: number }
  | { do: 'pass'; ms: number }
  | { do: 'jump'; ms: number }
  | { do: 'crash' };

interface ModelWindow {
  pairingId: string;
  link: string;
  endsAt: number;
  /** Confirmed, cancelled, or of a former run. */
  isOver: boolean;
  begun: Map<number, { nonceHash: string; boxNonce: string; spki: string | null }>;
  boundTo: number | undefined;
  proven: string | undefined;
  device: string | undefined;
}

type Message =
  | { kind: 'begin'; phone: number; window: number; body: PairBegin; nonce: string }
  | { kind: 'prove'; phone: number; window: number; body: PairProve; transcript: string };

const LOCK_AT = 20;

/**
 * The pairing protocol as a small machine, run beside the real room: it says of each step whether it must succeed and
 * with which code it must fail. Messages lie in a bag between phones and box, to be lost, doubled and taken in any order.
 */
export class PairingWorld {
  readonly #box: TestBox;
  /** An honest one, a second one on the same link, one that guesses the secret, one behind a relay that wants to be admin. */
  readonly #phones = [new TestPhone(), new TestPhone({ keyAlg: 'p256' }), new TestPhone(), new TestPhone()];
  readonly #windows: ModelWindow[] = [];
  #bag: Message[] = [];
  #failures = 0;
  #people = 0;
  #sources = 0;
  readonly #paired = new Set<number>();

  constructor(box: TestBox) {
    this.#box = box;
    this.#phones[3]!.requestedRole = 'system-admin';
    this.#phones[3]!.spki = 'A'.repeat(43);
  }

  async act(action: Action): Promise<void> {
    switch (action.do) {
      case 'open':
        return await this.#open();
      case 'scan':
        return this.#scan(action.phone, action.window);
      case 'restart-phone':
        this.#phones[action.phone]!.nonce = createHash('sha256')
          .update(String(this.#sources++))
          .digest('base64url');
        return;
      case 'deliver':
        return await this.#deliver(action.message, action.keep, action.answerLost);
      case 'deliver-two':
        return await this.#deliverTwo(action.first, action.second);
      case 'drop':
        this.#take(action.message, false);
        return;
      case 'confirm':
        return await this.#confirm(action);
      case 'cancel':
        return await this.#cancel(action.window);
      case 'pass':
        this.#box.clock.pass(action.ms);
        // The closing of an expired window is a write of its own; wait until it is done.
        await this.#box.store.write(() => undefined);
        return;
      case 'jump':
        this.#box.clock.jump(action.ms);
        return;
      case 'crash':
        await this.#box.crash();
        for (const window of this.#windows) window.isOver = true;
    }
  }

  /** Holds after every step. */
  check(): void {
    const { store } = this.#box;
    const devices = store.all<{ pairing: string; key: string; ceiling: string; device: string }>(
      'SELECT pairing_id AS pairing, public_key AS key, ceiling, device_id AS device FROM identity_device',
    );
    const confirmed = this.#windows.filter((w) => w.device !== undefined);
    expect(devices.map((d) => d.device).sort()).toEqual(confirmed.map((w) => w.device).sort());
    expect(new Set(devices.map((d) => d.pairing)).size).toBe(devices.length);
    for (const device of devices) {
      const window = this.#windows.find((w) => w.pairingId === device.pairing)!;
      expect(device.key).toBe(this.#phones[window.boundTo!]!.devicePub);
      expect(device.ceiling).toBe('member');
    }
    const roles = store.all<{ roles: string }>(`SELECT DISTINCT roles FROM identity_person WHERE kind = 'local'`);
    expect(roles.every((r) => r.roles === '["member"]')).toBe(true);
  }

  async #open(): Promise<void> {
    if (this.#windows.filter((w) => this.#isLive(w)).length >= 8) return;
    const { pairingId, link } = await this.#box.call<{ pairingId: string; link: string }>('pair.open', {});
    this.#failures = 0;
    const endsAt = this.#box.clock.monotonic() + 120_000;
    const empty = { begun: new Map(), boundTo: undefined, proven: undefined, device: undefined };
    this.#windows.push({ pairingId, link, endsAt, isOver: false, ...empty });
  }

  #scan(index: number, windowIndex: number): void {
    const window = this.#windows[fromNewest(this.#windows, windowIndex)];
    if (!window) return;
    const phone = this.#phones[index]!;
    phone.scan(window.link);
    if (index === 2) phone.link!.secret = 'A'.repeat(22);
    const message = { phone: index, window: this.#windows.indexOf(window), body: phone.beginMessage() };
    this.#bag.push({ kind: 'begin', ...message, nonce: phone.nonce });
  }

  async #deliver(index: number, keep: boolean, answerLost: boolean): Promise<void> {
    const message = this.#take(index, keep);
    if (!message) return;
    const expected = this.#expect(message);
    const { code, answer } = await this.#send(message);
    expect([message.kind, code]).toEqual([message.kind, expected]);
    this.#learn(message, code, answer, answerLost);
  }

  /** Both reach the box in one turn; it must behave as if one had come after the other. */
  async #deliverTwo(first: number, second: number): Promise<void> {
    const [a, b] = [this.#take(first, false), this.#take(second, false)];
    if (!a || !b || a.kind !== 'prove' || b.kind !== 'prove') return;
    const expectedA = this.#expect(a);
    const sendA = this.#send(a);
    if (expectedA === undefined) this.#learn(a, undefined, undefined, false);
    else if (this.#isWrongProof(a)) this.#countFailure();
    const expectedB = this.#expect(b);
    const [resultA, resultB] = await Promise.all([sendA, this.#send(b)]);
    expect([resultA.code, resultB.code]).toEqual([expectedA, expectedB]);
    this.#learn(b, resultB.code, undefined, false);
  }

  #take(index: number, keep: boolean): Message | undefined {
    const at = fromNewest(this.#bag, index);
    return keep ? this.#bag[at] : this.#bag.splice(at, 1)[0];
  }

  async #send(message: Message): Promise<{ code: string | undefined; answer: unknown }> {
    // A source of its own each time: the limiter per source has its own tests.
    const n = this.#sources++;
    const source = { address: `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`, origin: null };
    const { identity } = this.#box;
    let answer: unknown;
    const code = await codeOf(async () => {
      answer =
        message.kind === 'begin'
          ? await identity.pairBegin(message.body, source)
          : await identity.pairProve(message.body, source);
    });
    return { code, answer };
  }

  #expect(message: Message): string | undefined {
    const window = this.#windows[message.window]!;
    if (this.#failures >= LOCK_AT) return 'PAIRING_LOCKED';
    if (!this.#isLive(window)) return 'PAIRING_LINK_INVALID';
    if (window.boundTo !== undefined && window.boundTo !== message.phone) return 'PAIRING_TAKEN';
    if (message.kind === 'begin') return message.phone === 3 ? 'SPKI_MISMATCH' : undefined;
    return this.#isWrongProof(message) || !window.begun.has(message.phone) ? 'PAIRING_LINK_INVALID' : undefined;
  }

  /** A proof that fits only if it answers the newest `begin` of this phone, with the secret of the link. */
  #isWrongProof(message: Message): boolean {
    const window = this.#windows[message.window]!;
    const begun = window.begun.get(message.phone);
    if (message.kind !== 'prove' || !begun || !this.#isLive(window) || this.#failures >= LOCK_AT) return false;
    if (window.boundTo !== undefined && window.boundTo !== message.phone) return false;
    return (
      message.phone === 2 ||
      this.#transcriptOf(message, begun.boxNonce, message.body.nonce) !== message.transcript ||
      createHash('sha256').update(Buffer.from(message.body.nonce, 'base64url')).digest('base64url') !== begun.nonceHash
    );
  }

  #learn(message: Message, code: string | undefined, answer: unknown, answerLost: boolean): void {
    const window = this.#windows[message.window]!;
    if (message.kind === 'prove') {
      if (code === undefined) {
        window.boundTo = message.phone;
        window.proven = message.transcript;
      } else if (this.#isWrongProof(message)) this.#countFailure();
      return;
    }
    if (code !== undefined) return;
    const { boxNonce } = answer as { boxNonce: string };
    window.begun.set(message.phone, { boxNonce, nonceHash: message.body.nonceHash, spki: message.body.spki });
    if (answerLost) return;
    const phone = this.#phones[message.phone]!;
    phone.scan(window.link);
    if (message.phone === 2) phone.link!.secret = 'A'.repeat(22);
    const nonce = phone.nonce;
    phone.nonce = message.nonce;
    phone.begun = answer as NonNullable<TestPhone['begun']>;
    const [body, transcript] = [phone.proveMessage(), phone.transcript];
    phone.nonce = nonce;
    this.#bag.push({ kind: 'prove', phone: message.phone, window: message.window, body, transcript });
  }

  #transcriptOf(message: Message, boxNonce: string, clientNonce: string): string {
    const { pairingId } = this.#windows[message.window]!;
    const phone = this.#phones[message.phone]!;
    const { devicePub, keyAlg, requestedRole } = phone;
    const spki = this.#windows[message.window]!.begun.get(message.phone)!.spki;
    const { boxId } = this.#box.identity;
    return pairTranscript({ boxId, spki, pairingId, clientNonce, boxNonce, devicePub, keyAlg, requestedRole });
  }

  #countFailure(): void {
    this.#failures += 1;
    if (this.#failures >= LOCK_AT) for (const window of this.#windows) window.isOver = true;
  }

  async #confirm(action: { window: number; digits: 'right' | 'wrong'; role: string }): Promise<void> {
    const window = this.#windows[fromNewest(this.#windows, action.window)];
    if (!window) return;
    const right = checkNumber(
      createHash('sha256')
        .update(window.proven ?? '')
        .digest(),
    );
    const check = action.digits === 'right' ? right : String((Number(right) + 1) % 1_000_000).padStart(6, '0');
    const { pairingId } = window;
    const input = { pairingId, check, role: action.role, personName: `P${this.#people++}` };
    const mayDo =
      this.#isLive(window) &&
      window.boundTo !== undefined &&
      action.digits === 'right' &&
      action.role === 'member' &&
      !this.#paired.has(window.boundTo);
    let device: { deviceId: string } | undefined;
    const code = await codeOf(async () => {
      device = await this.#box.call<{ deviceId: string }>('pair.confirm', input);
    });
    expect(['confirm', code === undefined]).toEqual(['confirm', mayDo]);
    if (!device) return;
    window.device = device.deviceId;
    window.isOver = true;
    this.#paired.add(window.boundTo!);
  }

  async #cancel(index: number): Promise<void> {
    const window = this.#windows[fromNewest(this.#windows, index)];
    if (!window) return;
    const isLive = this.#isLive(window);
    const code = await codeOf(this.#box.call('pair.cancel', { pairingId: window.pairingId }));
    expect(['cancel', code === undefined]).toEqual(['cancel', isLive]);
    window.isOver = true;
  }

  #isLive(window: ModelWindow): boolean {
    return !window.isOver && this.#box.clock.monotonic() < window.endsAt;
  }
}

function fromNewest(list: readonly unknown[], index: number): number {
  return list.length === 0 ? 0 : list.length - 1 - (index % list.length);
}
