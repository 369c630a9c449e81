import { spawn } from 'node:child_process';
import { hash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { connect } from 'node:net';
import { fail } from '../../../src/common/index.ts';
import { serveGuest } from '../../../src/guest/index.ts';

/** A guest that can be told to misbehave in every way the supervisor must survive. */
let init: unknown;
const held: Buffer[] = [];

const server = serveGuest({
  maxBody: 16 * 1024 * 1024,
  onStart(value) {
    init = value;
    if (value === 'refuse') throw new Error('told to refuse');
    if (value === 'never') return new Promise(() => {});
    if (value === 'vanish') process.exit(3);
    if (value === 'chatter') process.stdout.write('one\ntwo\nhalf');
    return undefined;
  },
  onNotify: (method, params) => server.notify(`again:${method}`, params),
  onDrain() {
    if (init === 'slow-drain') return new Promise(() => {});
    return undefined;
  },
  methods: {
    echo: async (params) => params,
    digest: (params, { body }) => ({ params, bytes: body.length, sha256: hash('sha256', body) }),
    init: async () => init ?? null,
    env: async () => ({ env: process.env, pid: process.pid, args: process.argv.slice(2), cwd: process.cwd() }),
    wait: (_params, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('let go')));
      }),
    deaf: () => new Promise(() => {}),
    spin: () => {
      for (;;);
    },
    exit: (code: number) => process.exit(code),
    look: () => ({
      root: readdirSync('/').sort(),
      passwords: existsSync('/etc/passwd'),
      processes: readdirSync('/proc').filter((name) => /^\d+$/.test(name)).length,
      interfaces: readFileSync('/proc/net/dev', 'utf8').match(/\S+(?=:)/g),
      environment: Object.keys(process.env).sort(),
    }),
    reach: (port: number) =>
      new Promise((resolve) => {
        connect(port, '127.0.0.1', () => resolve('reached')).on('error', (error: { code?: string }) =>
          resolve(error.code),
        );
      }),
    spoil: (path: string) => {
      try {
        writeFileSync(path, '');
        return 'written';
      } catch (error) {
        return (error as { code?: string }).code;
      }
    },
    fail: (code: string) => {
      throw fail(code as 'INTERNAL', { reason: 'because' });
    },
    throw: () => {
      throw new Error('plain');
    },
    huge: () => 'x'.repeat(9 * 1024 * 1024),
    allocate: (mib: number) => {
      for (let i = 0; i < mib; i++) held.push(Buffer.alloc(1024 * 1024, 1));
      return held.length;
    },
    garbage: (hex: string) => {
      writeSync(init === 'fd0' ? 0 : 3, Buffer.from(hex, 'hex'));
      return new Promise(() => {});
    },
    child: () => spawn('/bin/sleep', ['1000'], { stdio: 'ignore' }).pid,
    count: async (to: number, { part }) => {
      for (let i = 0; i < to; i++) await part({ i });
      return to;
    },
    bytes: async (to: number, { part, signal }) => {
      let sent = 0;
      for (let i = 0; i < to && !signal.aborted; i++) {
        await part(new Uint8Array(65536).fill(i & 255));
        sent = i + 1;
        server.notify('sent', sent);
      }
      return sent;
    },
  },
});
