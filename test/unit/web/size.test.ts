import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

const out = mkdtempSync(join(tmpdir(), 'jingu-web-'));
let html = '';
let assets: { file: string; bytes: number; gzip: number; text: string }[] = [];

beforeAll(async () => {
  // The builder of the tests says `test` here, and a build for tests is longer than the one that is served.
  vi.stubEnv('NODE_ENV', 'production');
  await build({
    configFile: join(import.meta.dirname, '../../../src/web/vite.config.ts'),
    logLevel: 'error',
    mode: 'production',
    build: { outDir: out },
  });
  html = readFileSync(join(out, 'index.html'), 'utf8');
  const files = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map((m) => m[1]!);
  assets = files.map((file) => {
    const body = readFileSync(join(out, file));
    return { file, bytes: body.length, gzip: gzipSync(body, { level: 9 }).length, text: body.toString('utf8') };
  });
});
afterAll(() => rmSync(out, { recursive: true, force: true }));

test('the first load is at most 50 KB gzip', () => {
  const total = assets.reduce((sum, { gzip }) => sum + gzip, gzipSync(html).length);
  const list = assets.map(({ file, bytes, gzip }) => `${file} ${bytes} B, ${gzip} B gzip`).join('; ');
  process.stdout.write(`first load ${total} B gzip: ${list}\n`);
  expect(total).toBeLessThanOrEqual(50 * 1024);
  expect(assets.map(({ file }) => file.split('.').at(-1)).sort()).toEqual(['css', 'js']);
});

test('the page holds nothing inline and asks nobody else', () => {
  expect(html).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|javascript:/i);
  expect(html).not.toMatch(/https?:\/\//);
  for (const { file, text } of assets) {
    const foreign = [...text.matchAll(/https?:\/\/[\w.-]+/g)]
      .map((m) => m[0])
      .filter((url) => !url.endsWith('//www.w3.org'));
    expect({ file, foreign }).toEqual({ file, foreign: [] });
    expect(text).not.toMatch(/\beval\(|new Function\(|insertAdjacentHTML|document\.write/);
  }
});

test('the page carries no schema library and no error catalogue', () => {
  const [script] = assets.filter(({ file }) => file.endsWith('.js'));
  for (const word of ['additionalProperties', 'minLength', 'DOC_STALE_TARGET'])
    expect(script!.text).not.toContain(word);
});
