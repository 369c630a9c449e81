import { afterAll, beforeAll, expect, test } from 'vitest';
import { LiveBox } from '../support/live-box.ts';
import { pairDevice } from '../support/paired.ts';

let box: LiveBox;
beforeAll(async () => {
  box = await LiveBox.start();
});
afterAll(async () => await box.dispose());

test('a device pairs by the printed link, connects, calls, and is dead once it is revoked', async () => {
  const device = await pairDevice(box, { link: box.link });
  const hello = await device.client.connect();
  expect(hello.server.name).toBe('Jingu');
  expect(hello.caller.scopes).toContain('doc.write');
  expect(hello.caller.scopes).not.toContain('device.admin');
  const status = await device.client.invoke('box.status', {});
  expect(status.output).toMatchObject({ state: 'serving' });
  await expect(device.client.invoke('device.list', {})).rejects.toMatchObject({ code: 'SCOPE_MISSING' });
  const refused = new Promise((resolve) => device.client.on('refused', resolve));
  await box.run('device.revoke', { deviceId: device.deviceId });
  await expect(refused).resolves.toMatchObject({ code: 'DEVICE_REVOKED' });
  device.client.close();
});

test('the record verifies after all that', async () => {
  expect(await box.run('audit.verify')).toMatchObject({ verdict: 'intact', problems: [] });
});

test('a second daemon on the same data is refused and the first goes on', async () => {
  const second = new LiveBox({ data: box.data });
  await expect(second.start()).rejects.toThrow(/STORE_LOCKED/);
  expect(await box.run('box.status')).toMatchObject({ state: 'serving' });
});

test('a typo in the settings is named, and the box comes up for reading only', async () => {
  await using odd = await LiveBox.start({ args: ['--prot', '1'] });
  expect(odd.stdout).toContain('RECOVERY MODE');
  expect(odd.stdout).toContain('--port');
  expect(await odd.run('box.status')).toMatchObject({ state: 'recovery' });
  await expect(odd.run('pair.open')).rejects.toThrow(/RECOVERY_MODE/);
});
