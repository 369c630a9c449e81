import { type AnyOperation, closed, operation, PLAIN_READ, Type } from '../protocol/index.ts';
import type { Finding } from './health.ts';

const FindingSchema = closed({
  check: Type.String(),
  ok: Type.Boolean(),
  seen: Type.String(),
  next: Type.Optional(Type.String()),
});

const GuestSchema = closed({
  name: Type.String(),
  state: Type.String(),
  reason: Type.Union([Type.String(), Type.Null()]),
  pid: Type.Union([Type.Integer(), Type.Null()]),
  starts: Type.Integer(),
  memoryMb: Type.Union([Type.Integer(), Type.Null()]),
});

export interface BoxStatus {
  name: string;
  version: string;
  boxId: string;
  state: 'serving' | 'recovery';
  uptimeSeconds: number;
  addresses: string[];
  sockets: number;
  memoryMb: number;
  pendingApprovals: number;
  runningTasks: number;
  model: string;
  auditSize: number;
  guests: {
    name: string;
    state: string;
    reason: string | null;
    pid: number | null;
    starts: number;
    memoryMb: number | null;
  }[];
}

export interface BoxServices {
  status(): Promise<BoxStatus>;
  doctor(): Promise<Finding[]>;
  machine(): Promise<Record<string, unknown>>;
}

export function boxOperations(box: BoxServices): AnyOperation[] {
  const about = {
    since: 1,
    ...PLAIN_READ,
    scope: 'box.read',
    surfaces: ['ws', 'rest', 'cli'],
    errors: [],
  } as const;
  return [
    operation({
      ...about,
      id: 'box.status',
      summary: { en: 'Show what the box is doing now', zh: '查看盒子当前状态' },
      input: closed({}),
      output: closed({
        name: Type.String(),
        version: Type.String(),
        boxId: Type.String(),
        state: Type.Union([Type.Literal('serving'), Type.Literal('recovery')]),
        uptimeSeconds: Type.Integer(),
        addresses: Type.Array(Type.String()),
        sockets: Type.Integer(),
        memoryMb: Type.Integer(),
        pendingApprovals: Type.Integer(),
        runningTasks: Type.Integer(),
        model: Type.String(),
        auditSize: Type.Integer(),
        guests: Type.Array(GuestSchema),
      }),
      examples: [{ note: 'now', input: {} }],
      read: () => box.status(),
    }),
    operation({
      ...about,
      id: 'box.doctor',
      summary: { en: 'Probe every part and say what to do about what is wrong', zh: '检查各部件,并给出处理建议' },
      input: closed({
        machine: Type.Optional(Type.Boolean({ description: 'also facts of the machine: processor, memory, disks' })),
      }),
      output: closed({
        ok: Type.Boolean(),
        findings: Type.Array(FindingSchema),
        machine: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
      }),
      examples: [{ note: 'everything', input: { machine: true } }],
      read: async (_ctx, { machine }) => {
        const findings = await box.doctor();
        return { ok: findings.every((f) => f.ok), findings, ...(machine ? { machine: await box.machine() } : {}) };
      },
    }),
  ];
}
