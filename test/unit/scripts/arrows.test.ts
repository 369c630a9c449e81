import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sourceFaults } from '../../../scripts/check/source-rules.ts';

const ROOT = join(import.meta.dirname, '../../..');

/** A small tree in which every file breaks exactly the rule it is listed with. */
const PLANTED: Record<string, [path: string, text: string]> = {
  'no-upward-from-ground': ['src/store/up.ts', `import '../door/ok.ts';`],
  'no-upward-from-trust': ['src/policy/up.ts', `import '../agent/ok.ts';`],
  'no-upward-from-capabilities': ['src/agent/up.ts', `import '../door/ok.ts';`],
  'no-upward-from-door': ['src/door/up.ts', `import '../gateway/ok.ts';`],
  'no-surface-to-client': ['src/gateway/up.ts', `import '../client/ok.ts';`],
  'no-sibling-audit': ['src/audit/across.ts', `import '../policy/ok.ts';`],
  'no-sibling-agent': ['src/agent/across.ts', `import '../realdoc/ok.ts';`],
  'no-sibling-gateway': ['src/gateway/across.ts', `import '../beacon/ok.ts';`],
  'common-is-the-floor': ['src/common/out.ts', `import '../protocol/ok.ts';`],
  'protocol-stands-on-common': ['src/protocol/out.ts', `import '../config/ok.ts';`],
  'client-stands-on-protocol': ['src/client/out.ts', `import '../config/ok.ts';`],
  'web-sees-only-the-client': ['src/web/out.tsx', `import '../policy/ok.ts';`],
  'cli-sees-only-the-client': ['src/cli/out.ts', `import '../door/ok.ts';`],
  'browser-safe': ['src/client/node.ts', `import { readFileSync } from 'node:fs';\nreadFileSync;`],
  'daemon-is-the-root': ['src/gateway/root.ts', `import '../daemon/ok.ts';`],
  'test-is-never-imported': ['src/door/test.ts', `import '../../test/ok.ts';`],
  'scripts-are-never-imported': ['src/door/script.ts', `import '../../scripts/ok.ts';`],
  'no-cycle': ['src/door/cycle-a.ts', `import { b } from './cycle-b.ts';\nexport const a = () => b;`],
  resolves: ['src/door/lost.ts', `import './absent.ts';`],
  'no-dev-packages': ['src/door/dev.ts', `import 'fast-check';`],
  'owner-of-better-sqlite3': ['src/audit/sql.ts', `import Sql from 'better-sqlite3';\nSql;`],
  'owner-of-node-llama-cpp': ['src/inference/llama.ts', `import { getLlama } from 'node-llama-cpp';\ngetLlama;`],
  'owner-of-fastify': ['src/door/http.ts', `import { fastify } from 'fastify';\nfastify;`],
  'owner-of-ws': ['src/agent/ws.ts', `import { WebSocket } from 'ws';\nWebSocket;`],
  'owner-of-pino': ['src/door/log.ts', `import { pino } from 'pino';\npino;`],
  'no-sockets': ['src/agent/dial.ts', `import { connect } from 'node:net';\nconnect;`],
};
const FINE = ['door', 'agent', 'gateway', 'client', 'policy', 'realdoc', 'beacon', 'protocol', 'config', 'daemon'];

let tree: string;
let broken: { rule: string; from: string }[];

beforeAll(() => {
  tree = mkdtempSync(join(tmpdir(), 'jingu-arrows-'));
  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), `${text}\n`);
  };
  for (const room of FINE) put(`src/${room}/ok.ts`, 'export const ok = 1;');
  put('test/ok.ts', 'export const ok = 1;');
  put('scripts/ok.ts', 'export const ok = 1;');
  put('src/door/cycle-b.ts', `import { a } from './cycle-a.ts';\nexport const b = () => a;`);
  // The owners themselves, and types across a ring, are as they should be.
  put('src/store/sql.ts', `import Sql from 'better-sqlite3';\nexport const open = () => new Sql(':memory:');`);
  put('src/door/ring-a.ts', `import type { B } from './ring-b.ts';\nexport interface A { b?: B }`);
  put('src/door/ring-b.ts', `import type { A } from './ring-a.ts';\nexport interface B { a?: A }`);
  for (const [path, text] of Object.values(PLANTED)) put(path, text);
  for (const file of ['.dependency-cruiser.cjs', 'tsconfig.json', 'package.json'])
    cpSync(join(ROOT, file), join(tree, file));
  symlinkSync(realpathSync(join(ROOT, 'node_modules')), join(tree, 'node_modules'));
  const cruiser = join(tree, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
  const args = [cruiser, 'src', 'scripts', '--config', '.dependency-cruiser.cjs', '--output-type', 'json'];
  const done = spawnSync(process.execPath, args, { cwd: tree, encoding: 'utf8', maxBuffer: 64 << 20 });
  const report = JSON.parse(done.stdout) as { summary: { violations: { rule: { name: string }; from: string }[] } };
  broken = report.summary.violations.map(({ rule, from }) => ({ rule: rule.name, from }));
}, 60_000);
afterAll(() => rmSync(tree, { recursive: true, force: true }));

describe('the arrows', () => {
  it.each(Object.entries(PLANTED))('catch a planted %s', (rule, [path]) => {
    expect(broken).toContainEqual({ rule, from: path });
  });

  it('let through what is as it should be', () => {
    const planted = new Set([...Object.values(PLANTED).map(([path]) => path), 'src/door/cycle-b.ts']);
    expect(broken.filter(({ from }) => !planted.has(from))).toEqual([]);
  });
});

describe('the source rules', () => {
  it.each([
    ['src/door/x.ts', 'const a = process.env.HOME;', 'process.env'],
    ['src/door/x.ts', `const { env } = process;`, 'process.env'],
    ['src/agent/x.ts', 'process.exit(1);', 'process.exit'],
    ['src/agent/x.ts', 'await fetch(url);', 'fetch'],
    ['src/agent/x.ts', 'await globalThis.fetch(url);', 'fetch'],
    ['src/agent/x.ts', 'new WebSocket(url);', 'WebSocket'],
  ])('catch in %s: %s', (path, text, what) => {
    expect(sourceFaults(path, text)).toEqual([expect.stringContaining(what)]);
  });

  it.each([
    ['src/config/load.ts', 'const a = process.env;'],
    ['src/inference/engine/guest-main.ts', 'const a = process.env;'],
    ['src/daemon/run.ts', 'process.exit(1);'],
    ['src/egress/dial.ts', 'await fetch(url);'],
    ['src/door/x.ts', '// process.env is read by config alone\n/* fetch( is for egress */'],
    ['src/door/x.ts', 'await this.prefetch(url); repository.fetch(id);'],
  ])('let %s do: %s', (path, text) => {
    expect(sourceFaults(path, text)).toEqual([]);
  });
});
