import { fail } from '../../common/index.ts';
import { type AnyOperation, closed, DocPath, operation, Type } from '../../protocol/index.ts';
import type { RealDoc } from '../realdoc.ts';
import * as rows from '../repository/index.ts';
import { firstOf, type PrunePlan } from '../storage/pruner.ts';
import { DEFAULT_RETENTION, type Retention } from '../storage/retention.ts';
import { everyDocumentBelow } from './below.ts';
import { FolderPath } from './shapes.ts';

const Days = Type.Integer({ minimum: 0, maximum: 36_500 });

/** Old versions go to save space: the one thing of this room that cannot be taken back. */
export function pruneOperation(room: RealDoc): AnyOperation {
  const plansFor = async (input: { path: string; policy?: Partial<Retention> }): Promise<PrunePlan[]> => {
    const retention = { ...DEFAULT_RETENTION, ...input.policy };
    if (retention.allDays > retention.hourlyDays || retention.hourlyDays > retention.dailyDays) {
      throw fail('INPUT_INVALID', { pointer: '/policy', reason: 'each rule must reach as far as the one before it' });
    }
    const plans: PrunePlan[] = [];
    for await (const file of everyDocumentBelow(room, room.db, input.path, (one) => one.head > 1)) {
      const plan = await room.pruner.plan(file, retention);
      if (plan.versions > 0) plans.push(plan);
    }
    return plans;
  };
  const shown = (plans: readonly PrunePlan[]) => ({
    versions: plans.reduce((sum, plan) => sum + plan.versions, 0),
    bytes: plans.reduce((sum, plan) => sum + plan.bytes, 0),
    documents: plans.slice(0, 200).map(({ file, kept, versions, bytes }) => ({
      path: file.path,
      versions,
      bytes,
      start: firstOf(kept),
    })),
  });
  return operation({
    id: 'doc.prune',
    since: 1,
    summary: { en: 'Take old versions away for good, to save space', zh: '永久清理旧版本以节省空间' },
    useWhen: ['the history takes more space than it is worth'],
    avoidWhen: ['an edit shall be taken back: use doc.undo'],
    input: closed({
      /** A document, a folder, or a workspace. */
      path: FolderPath,
      /** Days for which every version, the last of each hour and the last of each day stay: 7, 30 and 365. */
      policy: Type.Optional(
        closed({
          allDays: Type.Optional(Days),
          hourlyDays: Type.Optional(Days),
          dailyDays: Type.Optional(Days),
        }),
      ),
    }),
    output: closed({
      versions: Type.Integer({ minimum: 0 }),
      /** About how much; the disk has it back within two hours. */
      bytes: Type.Integer({ minimum: 0 }),
      documents: Type.Array(
        closed({
          path: DocPath,
          versions: Type.Integer(),
          bytes: Type.Integer(),
          /** The first version that stays. */
          start: Type.Integer(),
        }),
      ),
    }),
    effect: 'admin',
    risk: 'high',
    confirmation: 'always',
    idempotency: 'key',
    undo: 'none',
    dryRun: true,
    scope: 'box.admin',
    errors: ['DOC_NOT_FOUND', 'DOC_PATH_INVALID', 'DOC_WORKSPACE_NOT_FOUND', 'INPUT_INVALID'],
    surfaces: ['ws', 'rest', 'cli'],
    positional: ['path'],
    examples: [
      { note: 'as the box advises', input: { path: 'office' } },
      { note: 'only the last month', input: { path: 'office/log.txt', policy: { hourlyDays: 30, dailyDays: 30 } } },
    ],
    facts: async (_ctx, input) => {
      const { versions, bytes } = shown(await plansFor(input));
      return {
        targets: [{ kind: 'document', id: input.path, name: input.path }],
        effect: {
          en: `Take ${versions} old versions below ${input.path} away for good (about ${megabytes(bytes)} MB)`,
          zh: `永久清理 ${input.path} 下的 ${versions} 个旧版本(约 ${megabytes(bytes)} MB)`,
        },
      };
    },
    prepare: (_ctx, input) => plansFor(input),
    plan: (_ctx, _input, plans) => ({ ...shown(plans) }),
    apply: (ctx, _input, plans) => {
      for (const { file, retention, at } of plans) rows.beginPrune(ctx.tx, file.id, JSON.stringify(retention), at);
      ctx.tx.afterCommit(() => room.prune(plans));
      return shown(plans);
    },
  });
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);
