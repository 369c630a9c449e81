import { describe, expect, it } from 'vitest';
import { fail } from '../../../src/common/index.ts';
import { createLogger, type LogOptions } from '../../../src/telemetry/index.ts';

function logger(options: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const log = createLogger({ level: 'debug', format: 'json', write: (line) => lines.push(line), ...options });
  return { log, lines, last: () => JSON.parse(lines.at(-1)!) as Record<string, unknown> };
}

describe('log lines', () => {
  it('are one object a line with level, time, event and fields', () => {
    const { log, last } = logger();
    log.child({ room: 'door' }).info({ operation: 'doc.edit', ms: 3 }, 'call-end');
    expect(last()).toMatchObject({ level: 30, event: 'call-end', room: 'door', operation: 'doc.edit', ms: 3 });
    expect(typeof last()['time']).toBe('number');
  });

  it('keeps back what is below the level', () => {
    const { log, lines } = logger({ level: 'warn' });
    log.info({}, 'quiet');
    log.error({}, 'loud');
    expect(lines).toHaveLength(1);
  });

  it('never carries a secret, however deep and however spelled', () => {
    const { log, lines } = logger();
    log.child({ api_key: 'hunter2' }).warn(
      {
        secret: 'hunter2',
        headers: { Authorization: 'hunter2', 'set-cookie': 'hunter2' },
        list: [{ privateKey: 'hunter2' }],
        said: 'got Bearer hunter2 from it',
        link: 'https://box/#hunter2',
        url: 'https://10.0.0.1:7443/pair#s=hunter2hunter2hunter2hunter2',
        digits: 'hunter2',
        error: new Error('with Bearer hunter2'),
        code: 12345678,
      },
      'x',
    );
    expect(lines[0]).not.toMatch(/hunter2|12345678/);
  });

  it('never carries what people or models wrote', () => {
    const { log, lines } = logger();
    log.info({ call: { input: { path: 'confidential' } }, text: 'confidential', messages: ['confidential'] }, 'x');
    expect(lines[0]).not.toContain('confidential');
  });

  it('keeps the code of an error, which is no pairing code', () => {
    const { log, last } = logger();
    log.error({ error: fail('STORE_LOCKED', { pid: 4, path: '/x' }), failed: { code: 'STORE_LOCKED' } }, 'x');
    expect(last()).toMatchObject({
      error: { code: 'STORE_LOCKED', type: 'JinguError' },
      failed: { code: 'STORE_LOCKED' },
    });
  });

  it('survives cycles, big integers and bytes', () => {
    const { log, last } = logger();
    const cycle: Record<string, unknown> = { n: 1n, bytes: new Uint8Array(3) };
    cycle['self'] = cycle;
    log.info({ cycle }, 'x');
    expect(last()).toMatchObject({ cycle: { n: '1', bytes: '[3 bytes]' } });
  });

  it('carries the priority for the journal, and is readable on a terminal', () => {
    const journal = logger({ format: 'journal' });
    journal.log.error({}, 'disk-full');
    expect(journal.lines[0]).toMatch(/^<3>\{"level":50,/);
    const line = logger({ format: 'line' });
    line.log.warn({ room: 'store', free: 12 }, 'disk-full');
    expect(line.lines[0]).toMatch(/^\d\d:\d\d:\d\d warn {2}disk-full room=store free=12\n$/);
  });
});
