import type { TSchema } from 'typebox';
import { type AnyOperation, closed, operation, PLAIN_READ, Type } from '../../protocol/index.ts';
import type { Inference } from '../inference.ts';
import type { ModelView } from '../models.ts';
import { ModelId } from './shapes.ts';

const Nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

const ModelSchema = closed({
  id: Type.String(),
  name: Type.String(),
  zone: Type.Literal('box'),
  state: Type.String(),
  reason: Nullable(Type.String()),
  isDefault: Type.Boolean(),
  origin: Type.Union([Type.Literal('catalogue'), Type.Literal('import')]),
  bytes: Type.Integer(),
  downloadedBytes: Nullable(Type.Integer()),
  sha256: Type.String(),
  licence: Nullable(Type.String()),
  contextTokens: Nullable(Type.Integer()),
  path: Nullable(Type.String()),
});

const LOAD_ERRORS = [
  'MODEL_UNKNOWN',
  'MODEL_NOT_READY',
  'MODEL_ALTERED',
  'MODEL_LOAD_FAILED',
  'ZONE_UNAVAILABLE',
] as const;

/** Looking at models, fetching them and loading them. */
export function modelOperations(inference: Inference): AnyOperation[] {
  const show = (view: ModelView) => ({
    id: view.record.id,
    name: view.record.name,
    zone: 'box' as const,
    state: view.state,
    reason: view.reason,
    isDefault: inference.models.resolve(undefined).id === view.record.id,
    origin: view.record.origin,
    bytes: view.record.bytes,
    downloadedBytes: view.downloadedBytes,
    sha256: view.record.sha256,
    licence: view.record.licence,
    contextTokens: view.contextTokens,
    path: view.path,
  });
  const target = (model: string) => ({ targets: [{ kind: 'model' as const, id: model }] });

  return [
    operation({
      id: 'model.list',
      since: 1,
      summary: { en: 'List the models this box knows', zh: '列出盒子已知的模型' },
      input: closed({}),
      output: closed({ models: Type.Array(ModelSchema) }),
      ...PLAIN_READ,
      scope: 'box.read',
      surfaces: ['ws', 'rest', 'cli'],
      errors: [],
      examples: [{ note: 'all of them', input: {} }],
      read: async () => ({
        models: await Promise.all(inference.models.all().map(async (r) => show(await inference.models.view(r)))),
      }),
    }),
    operation({
      id: 'model.show',
      since: 1,
      summary: { en: 'Show one model and how far it is', zh: '查看一个模型及其状态' },
      input: closed({ id: ModelId }),
      output: ModelSchema,
      positional: ['id'],
      ...PLAIN_READ,
      scope: 'box.read',
      surfaces: ['ws', 'rest', 'cli'],
      errors: ['MODEL_UNKNOWN', 'ZONE_UNAVAILABLE'],
      examples: [{ note: 'the starter model', input: { id: 'qwen2.5-coder-1.5b' } }],
      read: async (_ctx, { id }) => show(await inference.models.view(inference.models.resolve(id))),
    }),
    operation({
      id: 'model.pull',
      since: 1,
      summary: { en: 'Fetch a model in the background', zh: '在后台下载模型' },
      input: closed({ id: ModelId }),
      output: closed({ id: Type.String(), state: Type.String(), bytes: Type.Integer(), totalBytes: Type.Integer() }),
      positional: ['id'],
      effect: 'admin',
      risk: 'medium',
      confirmation: 'never',
      idempotency: 'key',
      undo: 'none',
      scope: 'model.admin',
      surfaces: ['ws', 'rest', 'cli'],
      errors: ['MODEL_UNKNOWN', 'MODEL_PULL_FAILED', 'ZONE_UNAVAILABLE'],
      examples: [{ note: 'the starter model', input: { id: 'qwen2.5-coder-1.5b' } }],
      facts: (_ctx, { id }) => ({
        ...target(id),
        // Policy sees where it would go before anything is asked for; egress checks each dial by itself.
        destination: { host: 'huggingface.co', port: 443, purpose: 'model' },
      }),
      apply: (ctx, { id }) => {
        const record = inference.models.resolve(id);
        const { state, bytes } = inference.pulls.request(ctx.tx, record, ctx.caller.personId);
        ctx.emit('box', 'pull-progress', { model: record.id, state, bytes, totalBytes: record.bytes });
        return { id: record.id, state, bytes, totalBytes: record.bytes };
      },
    }),
    operation({
      id: 'model.import',
      since: 1,
      summary: { en: 'Import a model file that is on this box', zh: '导入盒子上的模型文件' },
      input: closed({
        file: Type.String({ minLength: 1, maxLength: 4096, pattern: '^/', description: 'absolute path on the box' }),
      }),
      output: closed({
        id: Type.String(),
        bytes: Type.Integer(),
        sha256: Type.String(),
        known: Type.Boolean({ description: 'the catalogue names these very bytes' }),
      }),
      positional: ['file'],
      effect: 'admin',
      risk: 'medium',
      confirmation: 'never',
      idempotency: 'key',
      undo: 'none',
      scope: 'model.admin',
      surfaces: ['ws', 'rest', 'cli'],
      errors: ['MODEL_FILE_INVALID', 'DISK_FULL'],
      examples: [{ note: 'from a stick', input: { file: '/media/usb/model.gguf' } }],
      facts: (_ctx, { file }) => target(file),
      perform: async (ctx, { file }) => {
        const { row, ...taken } = await inference.imports.take(file);
        // The record must exist before the file can be loaded; a crash before it leaves a file nobody loads.
        if (row) await inference.imports.record({ ...row, imported_by: ctx.caller.personId });
        return taken;
      },
      settle: (ctx, _input, { id }) => ctx.emit('box', 'model-state', { model: id, state: 'ready' }),
    }),
    operation({
      id: 'model.load',
      since: 1,
      summary: { en: 'Load a model into memory now', zh: '立即加载模型' },
      input: closed({ id: ModelId }),
      output: closed({
        id: Type.String(),
        state: Type.Literal('warm'),
        contextTokens: Type.Integer(),
        sequences: Type.Integer(),
        loadMs: Type.Number(),
      }),
      positional: ['id'],
      effect: 'admin',
      risk: 'low',
      confirmation: 'never',
      idempotency: 'key',
      undo: { by: 'model.unload' },
      scope: 'model.admin',
      surfaces: ['ws', 'rest', 'cli'],
      errors: [...LOAD_ERRORS, 'ENGINE_RESTARTING'],
      examples: [{ note: 'the starter model', input: { id: 'qwen2.5-coder-1.5b' } }],
      facts: (_ctx, { id }) => target(id),
      perform: async (_ctx, { id }) => {
        const record = inference.models.resolve(id);
        const slot = inference.models.slot(record);
        await slot.pardon();
        const { contextTokens, sequences, loadMs } = await slot.load();
        return { id: record.id, state: 'warm' as const, contextTokens, sequences, loadMs };
      },
      settle: (ctx, _input, { id }) => ctx.undoWith({ id }),
    }),
    operation({
      id: 'model.unload',
      since: 1,
      summary: { en: 'Take a model out of memory', zh: '将模型移出内存' },
      input: closed({ id: ModelId }),
      output: closed({ id: Type.String(), state: Type.Literal('ready') }),
      positional: ['id'],
      effect: 'admin',
      risk: 'low',
      confirmation: 'never',
      idempotency: 'key',
      undo: { by: 'model.load' },
      scope: 'model.admin',
      surfaces: ['ws', 'rest', 'cli'],
      errors: ['MODEL_UNKNOWN', 'ZONE_UNAVAILABLE'],
      examples: [{ note: 'the starter model', input: { id: 'qwen2.5-coder-1.5b' } }],
      facts: (_ctx, { id }) => target(id),
      perform: async (_ctx, { id }) => {
        const record = inference.models.resolve(id);
        await inference.models.slot(record).unload();
        return { id: record.id, state: 'ready' as const };
      },
      settle: (ctx, _input, { id }) => ctx.undoWith({ id }),
    }),
  ];
}
