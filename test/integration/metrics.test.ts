import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LiveBox } from '../support/live-box.ts';
import { type PairedDevice, pairDevice } from '../support/paired.ts';
import { Rest } from '../support/rest.ts';

let box: LiveBox;
let phone: PairedDevice;
beforeAll(async () => {
  box = await LiveBox.start();
  phone = await pairDevice(box);
  await phone.client.connect();
});
afterAll(async () => {
  phone.client.close();
  await box.dispose();
});

/** The value of one line, by its name and labels as they are written. */
function valueIn(text: string, series: string): number | undefined {
  const line = text.split('\n').find((each) => each.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

const tokenFor = async (...scopes: string[]) => {
  const input = { name: `for ${scopes.join(' ')}`, scopes };
  return (await box.run<{ secret: string }>('token.create', input)).secret;
};

describe('metrics', () => {
  it('count calls by operation and outcome, with no word of what people wrote', async () => {
    const before = (await new Rest(box).call('GET', '/metrics', { console: true })).body.toString();
    await phone.client.invoke('box.status', {});
    await phone.client.invoke('box.status', {});
    await expect(phone.client.invoke('device.list', {})).rejects.toMatchObject({ code: 'SCOPE_MISSING' });
    await expect(box.run('doc.read', { path: 'my-secret-place/wages.md' })).rejects.toThrow('DOC_WORKSPACE_NOT_FOUND');
    await expect(box.run('my-secret-operation')).rejects.toThrow('OPERATION_UNKNOWN');
    const after = (await new Rest(box).call('GET', '/metrics', { console: true })).body.toString();
    const grew = (series: string) => (valueIn(after, series) ?? 0) - (valueIn(before, series) ?? 0);
    const calls = (operation: string, outcome: string) =>
      grew(`jingu_operations_total{operation="${operation}",outcome="${outcome}"}`);
    expect(calls('box.status', 'ok')).toBe(2);
    expect(calls('device.list', 'denied')).toBe(1);
    expect(calls('doc.read', 'not-found')).toBe(1);
    expect(calls('unknown', 'unknown-method')).toBe(1);
    expect(grew('jingu_operation_duration_seconds_count{operation="box.status"}')).toBe(2);
    expect(grew('jingu_operation_duration_seconds_bucket{operation="box.status",le="+Inf"}')).toBe(2);
    expect(after).not.toMatch(/secret|wages|Staff/);
  });

  it('show what the rooms hold now', async () => {
    const { body } = await new Rest(box).call('GET', '/metrics', { console: true });
    const value = (series: string) => valueIn(body.toString(), series);
    const size = (await box.run<{ auditSize: number }>('box.status')).auditSize;
    expect(value('jingu_sockets_open')).toBe(1);
    expect(value('jingu_lag_closes_total')).toBe(0);
    expect(value('jingu_approvals_pending')).toBe(0);
    expect(value('jingu_tasks{state="running"}')).toBe(0);
    expect(value('jingu_audit_records')).toBe(size);
    expect(value('jingu_audit_head_records')).toBeGreaterThan(0);
    expect(value('jingu_audit_head_age_seconds')).toBeGreaterThanOrEqual(0);
    expect(value('jingu_guest_state{guest="egress",state="gone"}')).toBeTypeOf('number');
    expect(value('jingu_process_memory_bytes{kind="resident"}')).toBeGreaterThan(10_000_000);
    expect(value('jingu_event_loop_delay_seconds{quantile="0.99"}')).toBeGreaterThanOrEqual(0);
    expect(body.toString()).toMatch(/^jingu_events_published_total\{kind="[a-z-]+"\} [1-9]/m);
  });

  it('are for the console and for a credential with box.read', async () => {
    const watcher = await new Rest(box, await tokenFor('box.read')).call('GET', '/metrics');
    expect([watcher.status, watcher.headers['content-type']]).toEqual([
      200,
      'text/plain; version=0.0.4; charset=utf-8',
    ]);
    expect(watcher.body.toString()).toContain('jingu_operations_total{');
    const phoneBearer = (await phone.client.bearer()).bearer;
    expect((await new Rest(box, phoneBearer).call('GET', '/metrics')).status).toBe(200);
    expect((await new Rest(box, await tokenFor('doc.read')).call('GET', '/metrics')).status).toBe(403);
    expect((await new Rest(box).call('GET', '/metrics')).status).toBe(401);
  });
});
