import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exampleLine, parseLeaf } from '../../src/cli/leaf.ts';
import { dataOf, jingu } from '../support/jingu.ts';
import { LiveBox } from '../support/live-box.ts';

let box: LiveBox;
let folder: string;
const run = (...args: string[]) => jingu(box.data, args);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'jingu-cli-'));
  mkdirSync(join(folder, 'docs'));
  writeFileSync(join(folder, 'docs/合同.md'), '# 合同\n\n通知期:30 天\n');
  box = await LiveBox.start();
}, 60_000);
afterAll(async () => {
  await box?.dispose();
  rmSync(folder, { recursive: true, force: true });
});

describe('the command against a running box', () => {
  it('says how it is', async () => {
    expect(dataOf(await run('status'))).toMatchObject({ state: 'serving', boxId: expect.stringMatching(/^box_/) });
    expect(dataOf(await run('doctor'))).toMatchObject({ ok: true });
  });

  it('walks the tour: add a folder, edit, see the log and the diff, take it back', async () => {
    dataOf(await run('workspace', 'add', 'docs', join(folder, 'docs')));
    const { version } = dataOf<{ version: number }>(await run('doc', 'read', 'docs/合同.md'));
    const verbs = JSON.stringify([{ set: '3', text: ['通知期:60 天'] }]);
    dataOf(await run('doc', 'edit', 'docs/合同.md', '--base', String(version), '--verbs', verbs));
    await onShare('# 合同\n\n通知期:60 天\n');
    expect((await run('doc', 'diff', 'docs/合同.md', '--from', String(version))).stdout).toContain('+通知期:60 天');
    expect((await run('doc', 'log', 'docs/合同.md')).code).toBe(0);
    dataOf(await run('doc', 'undo', 'docs/合同.md'));
    await onShare('# 合同\n\n通知期:30 天\n');
  });

  it('verifies the record in the box, and an export of it without the box; an altered one is broken', async () => {
    expect(dataOf(await run('audit', 'verify'))).toMatchObject({ verdict: 'intact' });
    const { text } = dataOf<{ text: string }>(await run('audit', 'export', '--into', 'text'));
    const file = join(folder, 'export.ndjson');
    writeFileSync(file, text);
    const empty = mkdtempSync(join(tmpdir(), 'jingu-none-'));
    const intact = await jingu(empty, ['audit', 'verify', file]);
    expect(dataOf(intact)).toMatchObject({ verdict: 'intact' });
    writeFileSync(file, text.replace('workspace.add', 'workspace.bad'));
    expect((await jingu(empty, ['audit', 'verify', file])).code).toBe(1);
    expect((await jingu(empty, ['audit', 'verify', join(folder, 'absent')])).code).toBe(2);
    rmSync(empty, { recursive: true });
  });

  it('opens a pairing window off a terminal without waiting', async () => {
    expect(dataOf(await run('pair', '--seconds', '30'))).toMatchObject({ pairingId: expect.stringMatching(/^pair_/) });
  });

  it('keeps others of the machine out: the socket is for its user alone', async () => {
    expect(statSync(box.socketPath).mode & 0o777).toBe(0o600);
  });

  it('names the nearest command for a mistyped one', async () => {
    for (const [args, near] of [
      [['statsu'], 'status'],
      [['dco', 'list'], 'there is no'],
      [['doc', 'lsit'], 'list'],
    ] as const) {
      const said = await run(...args);
      expect(said.code).toBe(2);
      expect(said.stderr).toContain(near);
    }
  });

  it('says no such document by its code', async () => {
    const said = await run('doc', 'read', 'docs/absent.md');
    expect(said.code).toBe(1);
    expect(JSON.parse(said.stderr)).toMatchObject({ code: 'DOC_NOT_FOUND' });
  });

  it('gives every operation a leaf that understands its own examples', async () => {
    const { operations } = dataOf<{ operations: { id: string }[] }>(await run('operation', 'list'));
    expect(operations.length).toBeGreaterThan(40);
    const described = await Promise.all(
      operations.map(({ id }) =>
        fetchContract(id).then(
          (contract) => [id, contract.examples.map((example) => exampleLine(contract, example.input))] as const,
        ),
      ),
    );
    for (const [id, lines] of described) expect([id, lines.length > 0]).toEqual([id, true]);
    for (const { id } of operations) {
      const contract = await fetchContract(id);
      for (const { input } of contract.examples) {
        expect(parseLeaf(contract, ['--input', JSON.stringify(input)], 'en').input).toEqual(input);
        const line = exampleLine(contract, input);
        const typed = parseLeaf(contract, wordsOf(line).slice(3), 'en').input;
        expect([line, typed]).toEqual([line, input]);
      }
    }
  });
});

/** The answer comes when the change is durable; the file on the share follows. */
async function onShare(text: string): Promise<void> {
  await expect.poll(() => readFileSync(join(folder, 'docs/合同.md'), 'utf8'), { timeout: 10_000 }).toBe(text);
}

type Contract = Parameters<typeof parseLeaf>[0];
const contracts = new Map<string, Contract>();
async function fetchContract(id: string): Promise<Contract> {
  if (!contracts.has(id)) {
    const { output } = await box.invoke('operation.describe', { id });
    contracts.set(id, (output as { contract: Contract }).contract);
  }
  return contracts.get(id)!;
}

/** A shell's words, as far as `exampleLine` quotes. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/'((?:[^']|'\\'')*)'|(\S+)/g)].map(
    ([, quoted, bare]) => bare ?? quoted!.replaceAll("'\\''", "'"),
  );
}
