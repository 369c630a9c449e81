import { fail, type Reader } from '../../common/index.ts';
import {
  type ActionFacts,
  type AnyOperation,
  closed,
  Id,
  Name,
  operation,
  PLAIN_READ,
  scopesOf,
  Type,
  type WriteContext,
} from '../../protocol/index.ts';
import type { Identity } from '../identity.ts';
import type { Device } from '../records.ts';
import {
  devices,
  device as findDevice,
  person as findPerson,
  raiseBoxEpoch,
  renameDevice,
  revokeDevice,
  setCeiling,
} from '../repository.ts';
import { DeviceShape, Done, showDevice } from './shapes.ts';

const ById = closed({ deviceId: Id });
const EXAMPLE = { deviceId: 'device_01h0000000abcdefghjkmnpqrs' };

export function deviceOperations(identity: Identity): AnyOperation[] {
  return [
    operation({
      id: 'device.list',
      since: 1,
      summary: { en: 'List the paired devices', zh: '列出已配对设备' },
      input: closed({ revoked: Type.Optional(Type.Boolean()) }),
      output: closed({ devices: Type.Array(DeviceShape, { maxItems: 10_000 }) }),
      ...PLAIN_READ,
      scope: 'device.admin',
      errors: [],
      surfaces: ['ws', 'rest', 'cli'],
      examples: [{ note: 'those that may connect', input: {} }],
      read: (ctx, { revoked = false }) => ({
        devices: devices(ctx.db)
          .filter((device) => revoked || device.state === 'active')
          .map((device) => showDevice(ctx.db, device)),
      }),
    }),
    operation({
      id: 'device.show',
      since: 1,
      summary: { en: 'Show one device', zh: '查看设备' },
      input: ById,
      output: DeviceShape,
      ...PLAIN_READ,
      scope: 'device.admin',
      errors: ['DEVICE_NOT_FOUND'],
      surfaces: ['ws', 'rest', 'cli'],
      positional: ['deviceId'],
      examples: [{ note: 'by id', input: EXAMPLE }],
      read: (ctx, { deviceId }) => showDevice(ctx.db, known(ctx.db, deviceId)),
    }),
    operation({
      id: 'device.revoke',
      since: 1,
      summary: {
        en: 'Revoke a device: its sockets, bearers and calls end at once',
        zh: '吊销设备:其连接与凭证立即失效',
      },
      useWhen: ['a phone is lost, or somebody leaves'],
      input: ById,
      output: DeviceShape,
      effect: 'admin',
      risk: 'high',
      confirmation: 'never',
      idempotency: 'key',
      undo: 'none',
      scope: 'device.admin',
      errors: ['DEVICE_NOT_FOUND'],
      surfaces: ['ws', 'rest', 'cli'],
      positional: ['deviceId'],
      examples: [{ note: 'a lost phone', input: EXAMPLE }],
      facts: (ctx, { deviceId }) => deviceFacts(ctx.db, deviceId),
      apply: (ctx, { deviceId }) => revoke(identity, ctx, known(ctx.tx, deviceId)),
    }),
    operation({
      id: 'device.leave',
      since: 1,
      summary: { en: 'Revoke the very device that calls', zh: '吊销当前设备自身' },
      input: closed({}),
      output: DeviceShape,
      effect: 'write',
      risk: 'medium',
      confirmation: 'never',
      idempotency: 'key',
      undo: 'none',
      scope: 'box.read',
      errors: ['DEVICE_NOT_FOUND'],
      surfaces: ['ws', 'rest'],
      examples: [{ note: 'before a phone is given away', input: {} }],
      facts: (ctx) => ({ targets: [{ kind: 'device', id: ctx.caller.deviceId ?? 'none' }] }),
      apply: (ctx) => {
        const { deviceId } = ctx.caller;
        if (deviceId === null) throw fail('DEVICE_NOT_FOUND', { deviceId });
        return revoke(identity, ctx, known(ctx.tx, deviceId));
      },
    }),
    operation({
      id: 'device.rename',
      since: 1,
      summary: { en: 'Give a device another name', zh: '重命名设备' },
      input: closed({ deviceId: Id, name: Name }),
      output: DeviceShape,
      effect: 'admin',
      risk: 'low',
      confirmation: 'never',
      idempotency: 'key',
      undo: { by: 'device.rename' },
      scope: 'device.admin',
      errors: ['DEVICE_NOT_FOUND'],
      surfaces: ['ws', 'rest', 'cli'],
      positional: ['deviceId', 'name'],
      examples: [{ note: 'a clear name', input: { ...EXAMPLE, name: 'Front desk tablet' } }],
      facts: (ctx, { deviceId }) => deviceFacts(ctx.db, deviceId),
      apply: (ctx, { deviceId, name }) => {
        const device = known(ctx.tx, deviceId);
        renameDevice(ctx.tx, deviceId, name);
        ctx.undoWith({ deviceId, name: device.name });
        ctx.emit('box', 'device-changed', { deviceId, name });
        return showDevice(ctx.tx, { ...device, name });
      },
    }),
    operation({
      id: 'device.setCeiling',
      since: 1,
      summary: { en: 'Set how much of its person\u2019s rights a device may use', zh: '设置设备可使用的权限上限' },
      useWhen: ['an administrator\u2019s own, managed device shall do administration'],
      input: closed({ deviceId: Id, ceiling: Type.Union([Type.Literal('member'), Type.Literal('full')]) }),
      output: DeviceShape,
      effect: 'admin',
      risk: 'high',
      confirmation: 'always',
      idempotency: 'key',
      undo: { by: 'device.setCeiling' },
      scope: 'device.admin',
      errors: ['DEVICE_NOT_FOUND', 'ROLE_REFUSED'],
      surfaces: ['ws', 'rest', 'cli'],
      positional: ['deviceId', 'ceiling'],
      examples: [{ note: 'an administrator\u2019s laptop', input: { ...EXAMPLE, ceiling: 'full' } }],
      facts: (ctx, { deviceId }) => deviceFacts(ctx.db, deviceId),
      apply: (ctx, { deviceId, ceiling }) => {
        const device = known(ctx.tx, deviceId);
        if (ceiling === 'full') assertMayLift(ctx, device);
        const epoch = setCeiling(ctx.tx, deviceId, ceiling);
        ctx.tx.afterCommit(() => identity.epochs.changeDevice(deviceId, epoch, device.state === 'active'));
        ctx.undoWith({ deviceId, ceiling: device.ceiling });
        ctx.emit('box', 'device-changed', { deviceId, ceiling });
        return showDevice(ctx.tx, { ...device, ceiling });
      },
    }),
    operation({
      id: 'session.endAll',
      since: 1,
      summary: {
        en: 'End every session: all devices must prove themselves again',
        zh: '结束所有会话,所有设备须重新验证',
      },
      input: closed({}),
      output: Done,
      effect: 'admin',
      risk: 'medium',
      confirmation: 'never',
      idempotency: 'key',
      undo: 'none',
      scope: 'device.admin',
      errors: [],
      surfaces: ['ws', 'rest', 'cli'],
      examples: [{ note: 'after a worrying event', input: {} }],
      facts: () => ({ targets: [{ kind: 'box', id: identity.boxId }] }),
      apply: (ctx) => {
        const epoch = raiseBoxEpoch(ctx.tx);
        ctx.tx.afterCommit(() => identity.epochs.setBox(epoch));
        return { done: true as const };
      },
    }),
  ];
}

/** Nobody lifts the ceiling of a device of their own, and nobody lifts one above what they hold themselves. */
function assertMayLift(ctx: WriteContext, device: Device): void {
  const { caller } = ctx;
  if (caller.kind === 'console') return;
  const person = findPerson(ctx.tx, device.personId)!;
  const [role = 'member'] = person.roles.filter((r) => r !== 'member');
  if (caller.personId === device.personId) {
    throw fail('ROLE_REFUSED', { role, reason: 'nobody lifts the ceiling of their own device' });
  }
  const lacking = scopesOf(person.roles).find((scope) => !caller.scopes.includes(scope));
  if (lacking) throw fail('ROLE_REFUSED', { role, reason: `you do not hold ${lacking} yourself` });
}

function revoke(identity: Identity, ctx: WriteContext, device: Device) {
  const { deviceId } = device;
  if (device.state === 'revoked') return showDevice(ctx.tx, device);
  const now = ctx.clock.now();
  const epoch = revokeDevice(ctx.tx, deviceId, now);
  ctx.tx.afterCommit(() => identity.epochs.changeDevice(deviceId, epoch, false));
  ctx.emit('box', 'device-changed', { deviceId, state: 'revoked' });
  return showDevice(ctx.tx, { ...device, state: 'revoked', revokedAt: now });
}

function known(db: Reader, deviceId: string): Device {
  const device = findDevice(db, deviceId);
  if (!device) throw fail('DEVICE_NOT_FOUND', { deviceId });
  return device;
}

function deviceFacts(db: Reader, deviceId: string): ActionFacts {
  return { targets: [{ kind: 'device', id: deviceId, name: known(db, deviceId).name }] };
}
