import { type AnyOperation, closed, operation, Page, PLAIN_READ, Type } from '../protocol/index.ts';
import { EGRESS_RULES } from './hosts.ts';
import { listRecords } from './repository.ts';

const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);
const Count = Type.Integer({ minimum: 0 });

const LedgerLine = closed({
  id: Type.Integer({ minimum: 1, description: 'Position in the box’s copy of the ledger.' }),
  at: Type.Integer({ description: 'Milliseconds since 1970.' }),
  kind: Type.Union([Type.Literal('dial'), Type.Literal('end'), Type.Literal('refused')]),
  ticket: Type.String(),
  decisionId: Type.String(),
  class: Type.String(),
  actor: Nullable(Type.String()),
  taskId: Nullable(Type.String()),
  method: Type.String(),
  host: Type.String(),
  port: Count,
  path: Type.String({ description: 'Without the query.' }),
  requestHash: Type.String({ description: 'SHA-256 over method, host, port, path with query, and headers.' }),
  address: Nullable(Type.String()),
  status: Nullable(Type.Integer()),
  bytesOut: Type.Integer({ minimum: 0, description: 'Sent on the connection, TLS included.' }),
  bytesIn: Type.Integer({ minimum: 0, description: 'Received on the connection, TLS included.' }),
  bodyBytes: Count,
  outcome: Nullable(Type.String()),
});

/** Reading who left the building and where the building lets anybody go. */
export function egressOperations(): AnyOperation[] {
  const list = operation({
    id: 'egress.list',
    since: 1,
    summary: { en: 'List what left the box, newest first', zh: '列出离开盒子的所有连接(最新在前)' },
    useWhen: ['somebody asks what went out of the building'],
    input: closed({ before: Type.Optional(Type.Integer({ minimum: 1 })), limit: Type.Optional(Page) }),
    output: closed({ records: Type.Array(LedgerLine), next: Nullable(Type.Integer()) }),
    ...PLAIN_READ,
    scope: 'audit.read',
    errors: [],
    surfaces: ['ws', 'rest', 'cli'],
    examples: [{ note: 'the last fifty', input: { limit: 50 } }],
    read(ctx, { before, limit = 50 }) {
      const records = listRecords(ctx.db, before, limit).map(({ seq: _seq, ...line }) => line);
      return { records, next: records.length === limit ? records.at(-1)!.id : null };
    },
  });
  const show = operation({
    id: 'egress.show',
    since: 1,
    summary: { en: 'Show which hosts the box may reach, and what for', zh: '显示盒子可以访问哪些主机及用途' },
    useWhen: ['somebody asks where the box is able to connect to'],
    input: closed({}),
    output: closed({
      classes: Type.Array(
        closed({
          class: Type.String({ description: 'What the box goes out for.' }),
          hosts: Type.Array(Type.String()),
          ports: Type.Array(Type.Integer()),
          methods: Type.Array(Type.String()),
        }),
      ),
    }),
    ...PLAIN_READ,
    scope: 'box.read',
    errors: [],
    surfaces: ['ws', 'rest', 'cli'],
    examples: [{ note: 'the whole list', input: {} }],
    read: () => ({
      classes: EGRESS_RULES.map((rule) => ({
        class: rule.class,
        hosts: [...rule.hosts],
        ports: [...rule.ports],
        methods: [...rule.methods],
      })),
    }),
  });
  return [list, show];
}
