import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DeviceFolder, pairFolder } from '../../src/client-node/index.ts';
import { LiveBox } from '../support/live-box.ts';
import { lacks } from '../support/needs.ts';
import { onTerminal as runOnTerminal } from '../support/on-terminal.ts';

let box: LiveBox;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'jingu-terminal-'));
  writeFileSync(join(folder, 'a.md'), '\u001b[2Jbad\n');
  box = await LiveBox.start();
}, 60_000);
afterAll(async () => {
  await box?.dispose();
  rmSync(folder, { recursive: true, force: true });
});

/** The command on a terminal of its own. `answers` are typed when their question appears. */
const onTerminal = (
  args: string[],
  answers: [RegExp, string][] = [],
  heard: (text: string) => void = () => {},
  env: Record<string, string> = {},
) => runOnTerminal(args, { data: box.data, answers, heard, env });

describe.skipIf(await lacks('script'))('the command on a terminal', () => {
  it('speaks to people, in colour, and in plain text when asked to', async () => {
    const colour = await onTerminal(['doctor']);
    expect(colour.code).toBe(0);
    expect(colour.screen).toContain('\u001b[1mFindings');
    const plain = await onTerminal(['doctor'], [], undefined, { NO_COLOR: '1' });
    expect(plain.screen).toContain('Findings');
    expect(plain.screen).not.toContain('\u001b[');
    expect((await onTerminal(['status', '--json'])).screen).toMatch(/^\{"operation":"box.status"/);
  });

  it('shows a document without obeying it', async () => {
    await box.run('workspace.add', { name: 'docs', root: folder });
    const { screen } = await onTerminal(['doc', 'read', 'docs/a.md'], [], undefined, { NO_COLOR: '1' });
    expect(screen).toContain('\\u{1b}[2Jbad');
    expect(screen).not.toContain('\u001b');
  });

  it('pairs a device: code, six digits, name', async () => {
    const device = new DeviceFolder(join(folder, 'device'));
    let pairing: Promise<{ deviceId: string }> | undefined;
    let digits = '';
    const begin = (screen: string) => {
      const link = /https:\/\/\S+\/pair#\S+/.exec(screen)?.[0];
      if (!link || pairing !== undefined) return;
      pairing = pairFolder({ link, folder: device, name: 'Phone', onCheckNumber: (value) => (digits = value) });
    };
    const { code, screen } = await onTerminal(
      ['pair'],
      [
        [/same six digits\?/, 'y'],
        [/Whose device/, 'Li Wei'],
      ],
      begin,
      { NO_COLOR: '1' },
    );
    expect(code).toBe(0);
    expect(digits).toMatch(/^\d{6}$/);
    expect(screen).toContain(`${digits.slice(0, 3)} ${digits.slice(3)}`);
    const { deviceId } = await pairing!;
    const { devices } = await box.run<{ devices: { deviceId: string }[] }>('device.list');
    expect(devices.map((one) => one.deviceId)).toContain(deviceId);
  });

  it('lets nobody in when the digits differ', async () => {
    const device = new DeviceFolder(join(folder, 'other'));
    let pairing: Promise<unknown> | undefined;
    const before = (await box.run<{ devices: unknown[] }>('device.list')).devices.length;
    const { code } = await onTerminal(['pair'], [[/same six digits\?/, 'n']], (screen) => {
      const link = /https:\/\/\S+\/pair#\S+/.exec(screen)?.[0];
      if (!link || pairing !== undefined) return;
      pairing = pairFolder({ link, folder: device, name: 'Stranger', onCheckNumber: () => {} });
      pairing.catch(() => {});
    });
    expect(code).toBe(2);
    await expect(pairing).rejects.toThrow();
    expect((await box.run<{ devices: unknown[] }>('device.list')).devices).toHaveLength(before);
  });
});
