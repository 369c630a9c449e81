import { fail, newId } from '../../common/index.ts';
import {
  type AnyOperation,
  closed,
  formatPairingLink,
  formatPairingPage,
  Id,
  Name,
  operation,
  PLAIN_READ,
  type Static,
  Type,
} from '../../protocol/index.ts';
import { CONSOLE_PERSON } from '../callers.ts';
import type { Identity } from '../identity.ts';
import { WINDOW_DEFAULT_S, WINDOW_MOST_S } from '../pairing-windows.ts';
import type { Device, PairingRow } from '../records.ts';
import {
  activeDeviceByKey,
  closePairing,
  confirmPairing,
  pairing as findPairing,
  person as findPerson,
  insertDevice,
  pairings,
} from '../repository.ts';
import { DEVICE_LIFE_MS } from '../sessions.ts';
import { createPerson } from './person-rules.ts';
import { DeviceShape, Done, Instant, RoleName, showDevice } from './shapes.ts';

const PairingShape = closed({
  pairingId: Id,
  state: Type.Enum(['open', 'bound', 'confirmed', 'closed']),
  openedBy: Id,
  openedAt: Instant,
  expiresInMs: Type.Integer({ minimum: 0 }),
  /** What the waiting device says of itself: claims, but for the address, the class and the six digits. */
  device: Type.Union([
    Type.Null(),
    closed({
      name: Name,
      model: Type.String(),
      platform: Type.String(),
      class: Type.String(),
      address: Type.String(),
      requestedRole: Type.Union([Type.String(), Type.Null()]),
      check: Type.String(),
    }),
  ]),
  deviceId: Type.Union([Id, Type.Null()]),
  closedReason: Type.Union([Type.String(), Type.Null()]),
});

function showPairing(identity: Identity, row: PairingRow): Static<typeof PairingShape> {
  const { claim, role: _, ...shown } = row;
  const device = claim && {
    name: claim.name,
    model: claim.model,
    platform: claim.platform,
    class: claim.class,
    address: claim.address,
    requestedRole: claim.requestedRole,
    check: claim.checkNumber,
  };
  return { ...shown, device, expiresInMs: identity.pairing.expiresInMs(row.pairingId) };
}

export function pairOperations(identity: Identity): AnyOperation[] {
  return [
    operation({
      id: 'pair.open',
      since: 1,
      summary: { en: 'Open a pairing window and make its link', zh: '打开配对窗口并生成链接' },
      useWhen: ['a phone, browser or program shall become a device of this box'],
      input: closed({
        seconds: Type.Optional(Type.Integer({ minimum: 10, maximum: WINDOW_MOST_S })),
        role: Type.Optional(RoleName),
      }),
      output: closed({
        pairingId: Id,
        /** One-time secrets: given once, to the first caller of a key; a replayed call gets `<secret>`. */
        link: Type.String({ secret: true }),
        page: Type.String({ secret: true }),
        spki: Type.String(),
        expiresInMs: Type.Integer({ minimum: 0 }),
      }),
      effect: 'admin',
      risk: 'medium',
      confirmation: 'never',
      idempotency: 'key',
      undo: { by: 'pair.cancel' },
      scope: 'device.admin',
      errors: ['PAIRING_LOCKED', 'ROLE_REFUSED', 'RATE_LIMITED'],
      surfaces: ['ws', 'rest', 'cli'],
      examples: [{ note: 'a window of two minutes', input: {} }],
      facts: () => ({
        targets: [{ kind: 'box', id: identity.boxId }],
        effect: { en: 'Let one device pair with this box', zh: '允许一台设备与盒子配对' },
      }),
      prepare: (_ctx, { role = 'member' }) => {
        if (role !== 'member') throw fail('ROLE_REFUSED', { role, reason: 'a pairing link gives only "member"' });
        return identity.pairing.mint();
      },
      apply: (ctx, { seconds = WINDOW_DEFAULT_S }, minted) => {
        const { caller, tx } = ctx;
        const by = { personId: caller.personId ?? CONSOLE_PERSON, isConsole: caller.kind === 'console' };
        const ms = seconds * 1000;
        identity.pairing.open(tx, minted, by, 'member', ms);
        ctx.emit('box', 'pair-state', { pairingId: minted.pairingId, state: 'open' });
        ctx.undoWith({ pairingId: minted.pairingId });
        const link = identity.pairing.link(minted, ms);
        return {
          pairingId: minted.pairingId,
          link: formatPairingLink(link),
          page: formatPairingPage(identity.endpoints().page, link),
          spki: link.spki,
          expiresInMs: ms,
        };
      },
    }),
    operation({
      id: 'pair.show',
      since: 1,
      summary: { en: 'Show one pairing window and the device that waits in it', zh: '查看配对窗口及等待中的设备' },
      input: closed({ pairingId: Id }),
      output: PairingShape,
      ...PLAIN_READ,
      scope: 'device.admin',
      errors: ['PAIRING_NOT_FOUND'],
      surfaces: ['ws', 'rest', 'cli'],
      positional: ['pairingId'],
      examples: [{ note: 'who is waiting', input: { pairingId: 'pair_01h0000000abcdefghjkmnpqrs' } }],
      read: (ctx, { pairingId }) => {
        const row = findPairing(ctx.db, pairingId);
        if (!row) throw fail('PAIRING_NOT_FOUND', { pairingId });
        return showPairing(identity, row);
      },
    }),
    operation({
      id: 'pair.list',
      since: 1,
      summary: { en: 'List the newest pairing windows', zh: '列出最近的配对窗口' },
      input: closed({ limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })) }),
      output: closed({ pairings: Type.Array(PairingShape, { maxItems: 100 }) }),
      ...PLAIN_READ,
      scope: 'device.admin',
      errors: [],
      surfaces: ['ws', 'rest', 'cli'],
      examples: [{ note: 'the newest thirty', input: {} }],
      read: (ctx, { limit = 30 }) => ({
        pairings: pairings(ctx.db, limit).map((row) => showPairing(identity, row)),
      }),
    }),
    operation({
      id: 'pair.cancel',
      since: 1,
      summary: { en: 'Close a pairing window without a device', zh: '关闭配对窗口,不添加设备' },
      input: closed({ pairingId: Id }),
      output: Done,
      effect: 'admin',
      risk: 'medium',
      confirmation: 'never',
      idempotency: 'key',
      undo: 'none',
      scope: 'device.admin',
      errors: ['PAIRING_NOT_FOUND'],
      surfaces: ['ws', 'rest', 'cli'],
      positional: ['pairingId'],
      examples: [{ note: 'the digits differ', input: { pairingId: 'pair_01h0000000abcdefghjkmnpqrs' } }],
      facts: (_ctx, { pairingId }) => ({ targets: [{ kind: 'box', id: pairingId }] }),
      apply: (ctx, { pairingId }) => {
        if (!closePairing(ctx.tx, pairingId, 'cancelled')) throw fail('PAIRING_NOT_FOUND', { pairingId });
        ctx.tx.afterCommit(() => identity.pairing.finish(pairingId));
        ctx.emit('box', 'pair-state', { pairingId, state: 'closed', reason: 'cancelled' });
        return { done: true as const };
      },
    }),
    confirmOperation(identity),
  ];
}

function confirmOperation(identity: Identity): AnyOperation {
  return operation({
    id: 'pair.confirm',
    since: 1,
    summary: { en: 'Let the waiting device in, for one person', zh: '允许等待中的设备加入,并归属某人' },
    useWhen: ['the six digits on the device and on the box are the same'],
    avoidWhen: ['nobody has looked at the device: use pair.cancel'],
    input: closed({
      pairingId: Id,
      /** As read from the device. It names exactly the proof that is let in. */
      check: Type.String({ pattern: '^[0-9]{6}$' }),
      role: Type.Optional(RoleName),
      /** A new person of this name. */
      personName: Type.Optional(Name),
      /** Or somebody the box knows already. */
      personId: Type.Optional(Id),
    }),
    output: DeviceShape,
    effect: 'admin',
    risk: 'high',
    confirmation: 'never',
    idempotency: 'key',
    undo: { by: 'device.revoke' },
    scope: 'device.admin',
    errors: [
      'PAIRING_NOT_FOUND',
      'PAIRING_NOT_READY',
      'PAIRING_CHECK_MISMATCH',
      'ROLE_REFUSED',
      'PERSON_NOT_FOUND',
      'PERSON_EXISTS',
      'PERSON_FIXED',
      'PERSON_SUSPENDED',
      'DEVICE_ALREADY_PAIRED',
      'INPUT_INVALID',
    ],
    surfaces: ['ws', 'rest', 'cli'],
    positional: ['pairingId', 'check'],
    examples: [
      {
        note: 'a new colleague',
        input: { pairingId: 'pair_01h0000000abcdefghjkmnpqrs', check: '042917', personName: 'Li Wei' },
      },
    ],
    facts: (ctx, { pairingId }) => {
      const claim = findPairing(ctx.db, pairingId)?.claim;
      return {
        targets: [{ kind: 'device', id: pairingId, ...(claim ? { name: claim.name } : {}) }],
        effect: { en: 'Let this device in', zh: '允许此设备加入' },
      };
    },
    apply: (ctx, { pairingId, check, role = 'member', personName, personId }) => {
      const { tx } = ctx;
      if (role !== 'member') throw fail('ROLE_REFUSED', { role, reason: 'a pairing link gives only "member"' });
      const row = findPairing(tx, pairingId);
      if (!row) throw fail('PAIRING_NOT_FOUND', { pairingId });
      if (row.state !== 'bound' || !row.claim) throw fail('PAIRING_NOT_READY', { state: row.state });
      identity.pairing.assertLive(pairingId);
      const { claim } = row;
      if (claim.checkNumber !== check) throw fail('PAIRING_CHECK_MISMATCH');
      if ((personName === undefined) === (personId === undefined)) {
        throw fail('INPUT_INVALID', { pointer: '/personName', reason: 'give either personName or personId' });
      }
      const twin = activeDeviceByKey(tx, claim.devicePub);
      if (twin) throw fail('DEVICE_ALREADY_PAIRED', { deviceId: twin.deviceId });
      const now = ctx.clock.now();
      const person =
        personId === undefined ? createPerson(tx, identity, personName!, ['member'], now) : findPerson(tx, personId);
      if (!person) throw fail('PERSON_NOT_FOUND', { personId });
      if (person.kind === 'console') throw fail('PERSON_FIXED');
      if (person.state !== 'active') throw fail('PERSON_SUSPENDED');
      const { devicePub: publicKey, keyAlg, class: deviceClass, name, model, platform } = claim;
      const device: Device = {
        deviceId: newId('device', now),
        personId: person.personId,
        pairingId,
        publicKey,
        keyAlg,
        class: deviceClass,
        name,
        model,
        platform,
        ceiling: 'member',
        state: 'active',
        epoch: 1,
        createdAt: now,
        lastSeenAt: now,
        expiresAt: now + DEVICE_LIFE_MS,
        revokedAt: null,
      };
      if (!confirmPairing(tx, pairingId, device.deviceId)) throw fail('PAIRING_NOT_READY', { state: row.state });
      insertDevice(tx, device);
      tx.afterCommit(() => {
        identity.epochs.addDevice(device.deviceId, device.personId, device.epoch);
        identity.pairing.finish(pairingId);
      });
      ctx.emit('box', 'pair-state', { pairingId, state: 'confirmed', deviceId: device.deviceId });
      ctx.emit('box', 'device-changed', { deviceId: device.deviceId, state: 'active' });
      ctx.undoWith({ deviceId: device.deviceId });
      return showDevice(tx, device);
    },
  });
}
