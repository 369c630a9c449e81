import {
  type AnyOperation,
  CallParams,
  CancelParams,
  Challenge,
  Connect,
  EVENT_SCOPES,
  PATHS,
  Renew,
  SUBPROTOCOL,
  SubscribeParams,
  SubscribeResult,
  UnsubscribeParams,
} from '../../src/protocol/index.ts';
import { plain } from './openapi.ts';

const message = (name: string) => ({ $ref: `#/channels/socket/messages/${name}` });

/** AsyncAPI 3.0 of the WebSocket: JSON-RPC 2.0, requests both ways, notifications for events and text. */
export function asyncApi(operations: readonly AnyOperation[], version: string): object {
  const messages = {
    ...control(),
    ...Object.fromEntries(operations.filter(onSocket).map((op) => [nameOf(op), call(op)])),
  };
  const fromBox = ['challenge', 'event', 'text', 'answer'];
  return {
    asyncapi: '3.0.0',
    info: { title: 'Jingu', version, license: { name: 'Apache-2.0' } },
    defaultContentType: 'application/json',
    servers: {
      box: { host: 'jingu.local:7443', protocol: 'wss', description: `Subprotocol ${SUBPROTOCOL}, TLS 1.3.` },
    },
    channels: { socket: { address: PATHS.socket, messages } },
    operations: {
      send: {
        action: 'send',
        channel: { $ref: '#/channels/socket' },
        messages: Object.keys(messages)
          .filter((name) => !fromBox.includes(name))
          .map(message),
      },
      receive: { action: 'receive', channel: { $ref: '#/channels/socket' }, messages: fromBox.map(message) },
    },
  };
}

const onSocket = (op: AnyOperation): boolean => op.surfaces === undefined || op.surfaces.includes('ws');
const nameOf = (op: AnyOperation): string => op.id.replaceAll(/[.-]/g, '_');

function control(): Record<string, object> {
  const kinds = Object.keys(EVENT_SCOPES);
  return {
    challenge: notification('challenge', plain(Challenge)),
    connect: request('session.connect', plain(Connect)),
    renew: request('session.renew', plain(Renew)),
    ping: request('session.ping', { type: 'object' }),
    subscribe: { ...request('stream.subscribe', plain(SubscribeParams)), 'x-result': plain(SubscribeResult) },
    unsubscribe: request('stream.unsubscribe', plain(UnsubscribeParams)),
    cancel: notification('cancel', plain(CancelParams)),
    event: notification('event', {
      type: 'object',
      properties: {
        topic: { type: 'string' },
        epoch: { type: 'string' },
        seq: { type: 'integer' },
        kind: { enum: kinds },
        at: { type: 'integer' },
        data: { type: 'object' },
      },
      required: ['topic', 'epoch', 'seq', 'kind', 'at', 'data'],
    }),
    text: notification('t', {
      type: 'array',
      items: false,
      prefixItems: [{ type: 'integer' }, { type: 'integer' }, { type: 'string' }],
    }),
    answer: {
      name: 'answer',
      summary: 'The result or the error of a request, by its id',
      payload: {
        type: 'object',
        properties: { jsonrpc: { const: '2.0' }, id: {}, result: {}, error: { type: 'object' } },
        required: ['jsonrpc', 'id'],
      },
    },
  };
}

function call(op: AnyOperation): object {
  const params = plain(CallParams) as { properties: Record<string, object> };
  params.properties['input'] = plain(op.input);
  return { ...request(op.id, params), summary: op.summary.en, 'x-result': plain(op.output), 'x-scope': op.scope };
}

function request(method: string, params: object): Record<string, unknown> {
  const properties = {
    jsonrpc: { const: '2.0' },
    id: { type: ['integer', 'string'] },
    method: { const: method },
    params,
  };
  return { name: method, payload: { type: 'object', properties, required: ['jsonrpc', 'id', 'method'] } };
}

function notification(method: string, params: object): Record<string, unknown> {
  const properties = { jsonrpc: { const: '2.0' }, method: { const: method }, params };
  return { name: method, payload: { type: 'object', properties, required: ['jsonrpc', 'method', 'params'] } };
}
