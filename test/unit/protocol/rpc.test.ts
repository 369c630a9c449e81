import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fail } from '../../../src/common/index.ts';
import {
  CLOSE,
  contentSecurityPolicy,
  decodeFrame,
  errorFrame,
  LIMITS,
  notificationFrame,
  requestFrame,
  resultFrame,
  textFrame,
} from '../../../src/protocol/index.ts';

describe('the JSON-RPC codec', () => {
  it('reads back every frame that it writes', () => {
    const params = fc.dictionary(
      fc.string().filter((k) => k !== '__proto__'),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(fc.oneof(fc.maxSafeInteger(), fc.string({ minLength: 1, maxLength: 64 })), params, (id, body) => {
        const plain = JSON.parse(JSON.stringify(body));
        expect(decodeFrame(requestFrame(id, 'doc.edit', body))).toEqual({
          kind: 'request',
          id,
          method: 'doc.edit',
          params: plain,
        });
        expect(decodeFrame(notificationFrame('event', body))).toEqual({
          kind: 'notification',
          method: 'event',
          params: plain,
        });
        expect(decodeFrame(resultFrame(id, body))).toEqual({ kind: 'result', id, result: plain });
      }),
    );
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.string({ unit: 'grapheme' }), (stream, before, text) => {
        const to = before + text.length;
        expect(decodeFrame(textFrame(stream, to, text))).toEqual({ kind: 'text', stream, to, text });
      }),
    );
  });

  it('never throws, whatever arrives', () => {
    fc.assert(fc.property(fc.string(), (text) => typeof decodeFrame(text).kind === 'string'));
    fc.assert(fc.property(fc.jsonValue(), (v) => typeof decodeFrame(JSON.stringify(v)).kind === 'string'));
    expect(decodeFrame('['.repeat(200_000))).toMatchObject({ kind: 'invalid', code: 'MALFORMED' });
  });

  it.each([
    ['{', 'MALFORMED', null],
    ['[]', 'REQUEST_INVALID', null],
    ['null', 'REQUEST_INVALID', null],
    ['{"id":1,"method":"a","params":{}}', 'REQUEST_INVALID', 1],
    ['{"jsonrpc":"2.0","id":1,"method":"a","params":[]}', 'REQUEST_INVALID', 1],
    ['{"jsonrpc":"2.0","id":1.5,"method":"a"}', 'REQUEST_INVALID', null],
    ['{"jsonrpc":"2.0","id":null,"method":"a"}', 'REQUEST_INVALID', null],
    ['{"jsonrpc":"2.0","id":3,"method":""}', 'REQUEST_INVALID', 3],
    ['{"jsonrpc":"2.0","id":3}', 'REQUEST_INVALID', 3],
    ['{"method":"t","params":[1,1,"longer than to"]}', 'REQUEST_INVALID', null],
  ])('refuses %s', (text, code, id) => {
    expect(decodeFrame(text)).toMatchObject({ kind: 'invalid', code, id });
  });

  it('carries the whole error in data and the number of its category', () => {
    const frame = decodeFrame(errorFrame(7, fail('CURSOR_GONE', { topic: 'box' }).toWire('zh')));
    expect(frame).toMatchObject({
      kind: 'error',
      id: 7,
      error: { code: 1005, data: { code: 'CURSOR_GONE', category: 'not-found' } },
    });
  });

  it('takes a foreign error without data as not retryable', () => {
    const frame = decodeFrame('{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"}}');
    expect(frame).toMatchObject({ error: { data: { category: 'unknown-method', retryable: false, message: 'no' } } });
  });

  it('keeps the short form of a text delta within 64 bytes of envelope', () => {
    expect(textFrame(123_456, 1_234_567, '').length).toBeLessThanOrEqual(64);
  });
});

describe('wire numbers', () => {
  it('are what the protocol reference prints', () => {
    expect(CLOSE).toEqual({
      restarting: 1001,
      protocolError: 1002,
      tooLarge: 1009,
      lagging: 1013,
      sessionEnded: 4001,
      revoked: 4003,
      noCommonProtocol: 4010,
    });
    expect(LIMITS).toMatchObject({
      frameBytesBeforeHello: 65_536,
      frameBytes: 1_048_576,
      requestsInFlight: 64,
      subscriptions: 128,
    });
  });

  it('pin the page policy', () => {
    expect(contentSecurityPolicy('jingu.local:7443')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self' wss://jingu.local:7443; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    );
  });
});
