import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fail } from '../../src/common/index.ts';
import { serveGuest } from '../../src/guest/index.ts';

/** A reader of files that a hostile file has taken over: it does whatever it is told. */
const held: unknown[] = [];

function codeOf(work: () => unknown): string {
  try {
    work();
    return 'allowed';
  } catch (error) {
    return String((error as { code?: string }).code);
  }
}

const DEEDS: Record<string, () => unknown> = {
  fine: () => 'fine',
  spin: () => {
    for (;;);
  },
  exit: () => process.exit(3),
  heap: () => {
    for (;;) held.push(new Array(10_000).fill(held.length));
  },
  buffers: () => {
    // Slow enough to be seen, and it never ends by itself.
    const grow = () => held.push(Buffer.alloc(20 * 1024 * 1024, 1));
    setInterval(grow, 20);
    return new Promise(() => {});
  },
  'plain error': () => {
    throw new Error('text of the document');
  },
  'decides about people': () => {
    throw fail('UNAUTHENTICATED');
  },
  probe: () => ({
    // A jail says where one is, and nothing else.
    environment: Object.keys(process.env).filter((name) => name !== 'PWD'),
    passwords: codeOf(() => readFileSync('/etc/passwd')),
    write: codeOf(() => writeFileSync('/tmp/jingu-probe', '')),
    child: codeOf(() => spawnSync('/bin/true').error ?? 0),
  }),
};

serveGuest({
  maxBody: 1024 * 1024,
  methods: {
    unpack: async ({ params }: { params: string }, { part }) => {
      if (params === 'lying lengths') return { json: 100, blobs: [7] };
      if (params === 'flood') {
        for (;;) await part(Buffer.alloc(256 * 1024));
      }
      const value = params === 'no json' ? Buffer.from('{') : Buffer.from(JSON.stringify(await DEEDS[params]!()));
      await part(value);
      return { json: value.length, blobs: [] };
    },
  },
});
