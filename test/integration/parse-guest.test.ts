import { afterEach, expect, it } from 'vitest';
import { silentLogger, systemClock } from '../../src/common/index.ts';
import { type GuestHandle, Supervisor } from '../../src/guest/index.ts';
import { Parser, type ParserOptions } from '../../src/realdoc/parse/parser.ts';
import { docxFile, p } from '../support/docx-file.ts';

const BAD = new URL('../support/bad-parse-guest.ts', import.meta.url);
const good = docxFile({ body: p('text') });
let supervisor: Supervisor;
afterEach(() => supervisor.stop());

function parserWith(options: Partial<ParserOptions> = {}): { parser: Parser; guest: () => GuestHandle } {
  supervisor = new Supervisor({ clock: systemClock, log: silentLogger });
  let guest: GuestHandle | undefined;
  const start = supervisor.start.bind(supervisor);
  supervisor.start = (spec) => {
    guest = start(spec);
    return guest;
  };
  const parser = new Parser({ supervisor, log: silentLogger, ...options });
  parser.start();
  return { parser, guest: () => guest! };
}

const refusal = (details: Record<string, unknown>) => ({
  code: 'DOC_PARSE_REFUSED',
  details: expect.objectContaining(details),
});

it('answers again after it was killed in the middle of its work', async () => {
  const { parser, guest } = parserWith();
  await parser.call('unpack', null, [good]);
  const before = guest().status.pid!;
  const running = parser.call('unpack', null, [good]);
  process.kill(before, 'SIGKILL');
  expect((await running).value).toMatchObject({ kind: 'docx' });
  expect(guest().status).toMatchObject({ starts: 2 });
});

it('refuses what takes too long and what ends the reader, and reads the next file as if nothing had been', async () => {
  const { parser, guest } = parserWith({ program: BAD, limits: { callMs: 1500 } });
  const [slow, deadly, fine] = await Promise.allSettled([
    parser.call('unpack', 'spin', [good]),
    parser.call('unpack', 'exit', [good]),
    parser.call('unpack', 'fine', [good]),
  ]);
  expect(slow).toMatchObject({ reason: refusal({ reason: 'reading it takes too long', limit: 1500 }) });
  expect(deadly).toMatchObject({ reason: refusal({ reason: 'reading it ended the reader' }) });
  expect(fine).toMatchObject({ value: { value: 'fine' } });
  expect(guest().status.starts).toBeGreaterThan(2);
});

it('refuses what takes too much memory, in the heap or beside it', async () => {
  const { parser } = parserWith({ program: BAD, limits: { heapMb: 64, memoryMb: 400 } });
  await expect(parser.call('unpack', 'heap', [good])).rejects.toMatchObject({ code: 'DOC_PARSE_REFUSED' });
  await expect(parser.call('unpack', 'buffers', [good])).rejects.toMatchObject(
    refusal({ reason: 'reading it takes too much memory', limit: 400 }),
  );
  expect((await parser.call('unpack', 'fine', [good])).value).toBe('fine');
});

it('believes no answer that cannot be true', async () => {
  const { parser } = parserWith({ program: BAD, limits: { answerBytes: 1024 * 1024 } });
  for (const kind of ['lying lengths', 'no json', 'flood', 'plain error']) {
    await expect(parser.call('unpack', kind, [good])).rejects.toMatchObject({ code: 'DOC_PARSE_REFUSED' });
  }
  await expect(parser.call('unpack', 'decides about people', [good])).rejects.toMatchObject({
    code: 'DOC_PARSE_REFUSED',
  });
});

it('has no files, no environment and no child processes', async () => {
  const { parser } = parserWith({ program: BAD });
  expect((await parser.call('unpack', 'probe', [good])).value).toEqual({
    environment: [],
    passwords: 'ERR_ACCESS_DENIED',
    write: 'ERR_ACCESS_DENIED',
    child: 'ERR_ACCESS_DENIED',
  });
});
