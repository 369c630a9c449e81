import { CATEGORIES } from '../../src/common/index.ts';
import {
  type AnyOperation,
  CallParams,
  LabelSchema,
  needsKey,
  PATHS,
  PairBegin,
  PairBegun,
  PairProve,
  PairProven,
  PairStatus,
  PairStatusAnswer,
} from '../../src/protocol/index.ts';

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const json = (schema: object) => ({ 'application/json': { schema } });
const ok = (schema: object, description = 'Done') => ({ description, content: json(schema) });
const refusal = { default: { description: 'Refused', content: json(ref('Error')) } };

/** OpenAPI 3.1 of what the box serves over REST; every operation is a path of its own. */
export function openApi(operations: readonly AnyOperation[], version: string): object {
  return {
    openapi: '3.1.0',
    info: { title: 'Jingu', version, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    servers: [{ url: 'https://{box}:7443', variables: { box: { default: 'jingu.local' } } }],
    security: [{ bearer: [] }],
    paths: {
      ...pairing(),
      ...Object.fromEntries(operations.filter(onRest).map((op) => [`${PATHS.operation}${op.id}`, pathOf(op)])),
      ...blobs(),
      ...reading(),
    },
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'A device bearer of 10 minutes, or a token.' },
      },
      schemas: { Error: errorSchema(), Label: plain(LabelSchema) },
    },
  };
}

const onRest = (op: AnyOperation): boolean => op.surfaces === undefined || op.surfaces.includes('rest');

function pathOf(op: AnyOperation): object {
  const { input: _, ...envelope } = (plain(CallParams) as { properties: Record<string, object> }).properties;
  const required = ['input', ...(needsKey(op) ? ['idempotencyKey'] : [])];
  const pending = needsKey(op)
    ? { 202: { description: 'A person must answer first', content: json(ref('Error')) } }
    : {};
  return {
    post: {
      operationId: op.id.replaceAll(/[.-]/g, '_'),
      summary: op.summary.en,
      tags: [op.id.split('.')[0]],
      description: [`Effect ${op.effect}, risk ${op.risk}, scope ${op.scope}.`, ...(op.useWhen ?? [])].join(' '),
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: {
              type: 'object',
              properties: { input: plain(op.input), ...envelope },
              required,
              additionalProperties: false,
            },
            examples: Object.fromEntries(
              op.examples.map((example, i) => [
                `example${i + 1}`,
                {
                  summary: example.note,
                  value: { input: example.input, ...(needsKey(op) ? { idempotencyKey: 'a-key-you-made' } : {}) },
                },
              ]),
            ),
          },
        },
      },
      responses: {
        200: ok({
          type: 'object',
          properties: {
            output: plain(op.output),
            callId: { type: 'string' },
            replayed: { const: true },
            plan: { type: 'object' },
            label: ref('Label'),
            undo: { type: 'object', properties: { operation: { type: 'string' }, input: { type: 'object' } } },
          },
          required: ['output', 'callId', 'label'],
        }),
        ...pending,
        ...refusal,
      },
    },
  };
}

function pairing(): Record<string, object> {
  const step = (operationId: string, summary: string, body: object, answer: object) => ({
    post: {
      operationId,
      summary,
      tags: ['pairing'],
      security: [],
      requestBody: { required: true, content: json(plain(body)) },
      responses: { 200: ok(plain(answer)), ...refusal },
    },
  });
  return {
    [PATHS.box]: {
      get: {
        operationId: 'box_facts',
        summary: 'Who this box is',
        tags: ['pairing'],
        security: [],
        responses: { 200: ok({ type: 'object' }), ...refusal },
      },
    },
    [PATHS.pairBegin]: step('pair_begin', 'Begin a pairing by a link', PairBegin, PairBegun),
    [PATHS.pairProve]: step('pair_prove', 'Prove the secret of the link and the device key', PairProve, PairProven),
    '/api/pair/status': step('pair_status', 'Ask how a pairing ended', PairStatus, PairStatusAnswer),
  };
}

function blobs(): Record<string, object> {
  const sha256 = { name: 'sha256', in: 'path', required: true, schema: { type: 'string', pattern: '^[0-9a-f]{64}$' } };
  const bytes = { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } };
  const header = (name: string, description: string) => ({
    name,
    in: 'header',
    schema: { type: 'string' },
    description,
  });
  const state = {
    type: 'object',
    properties: {
      sha256: { type: 'string' },
      received: { type: 'integer' },
      complete: { type: 'boolean' },
      url: { type: 'string' },
    },
    required: ['sha256', 'received', 'complete'],
  };
  return {
    [`${PATHS.uploads}{sha256}`]: {
      get: {
        operationId: 'upload_state',
        summary: 'How much of an upload is here',
        tags: ['blobs'],
        parameters: [sha256],
        responses: { 200: ok(state), ...refusal },
      },
      put: {
        operationId: 'upload',
        summary: 'Upload bytes under their SHA-256, whole or in parts; scope doc.write',
        tags: ['blobs'],
        parameters: [sha256, header('Content-Range', 'bytes first-last/total, going on from what was received')],
        requestBody: { required: true, content: bytes },
        responses: { 200: ok(state, 'More is to come'), 201: ok(state, 'It is here'), ...refusal },
      },
    },
    [`${PATHS.blobs}{sha256}`]: {
      get: {
        operationId: 'blob',
        summary: 'Download bytes by their SHA-256; scope doc.read',
        tags: ['blobs'],
        parameters: [sha256, header('Range', 'one range of bytes')],
        responses: {
          200: { description: 'All of it', content: bytes },
          206: { description: 'The range', content: bytes },
          416: { description: 'The range is past the end' },
          ...refusal,
        },
      },
    },
  };
}

function reading(): Record<string, object> {
  const text = { description: 'Done', content: { 'text/plain': { schema: { type: 'string' } } } };
  const monitor = (operationId: string, summary: string, open: boolean, answer: object) => ({
    get: {
      operationId,
      summary,
      tags: ['monitor'],
      ...(open ? { security: [] } : {}),
      responses: { 200: answer, ...refusal },
    },
  });
  return {
    [`${PATHS.events}{topic}`]: {
      get: {
        operationId: 'events',
        summary: 'Follow a topic as server-sent events',
        tags: ['events'],
        parameters: [
          { name: 'topic', in: 'path', required: true, schema: { type: 'string' } },
          { name: 'after', in: 'query', schema: { type: 'string' }, description: 'epoch:seq of the last event seen' },
        ],
        responses: {
          200: { description: 'A stream', content: { 'text/event-stream': { schema: { type: 'string' } } } },
          ...refusal,
        },
      },
    },
    '/livez': monitor('livez', 'Whether the event loop turns', true, ok({ type: 'object' })),
    '/readyz': monitor('readyz', 'Whether the box can work, and what is wrong', false, ok({ type: 'object' })),
    '/metrics': monitor('metrics', 'Prometheus text format', false, text),
  };
}

function errorSchema(): object {
  return {
    type: 'object',
    properties: {
      error: {
        type: 'object',
        properties: {
          code: { type: 'string' },
          category: { enum: Object.keys(CATEGORIES) },
          message: { type: 'string' },
          retryable: { type: 'boolean' },
          retryAfterMs: { type: 'integer' },
          hint: { type: 'string' },
          details: { type: 'object' },
          traceId: { type: 'string' },
        },
        required: ['code', 'category', 'message', 'retryable'],
      },
    },
    required: ['error'],
  };
}

/** A TypeBox schema without what only TypeBox reads. */
export function plain(schema: object): object {
  return JSON.parse(JSON.stringify(schema)) as object;
}
