import { silentLogger, systemClock } from '../../../src/common/index.ts';
import { Supervisor } from '../../../src/guest/index.ts';
import { spec } from './rig.ts';

/** A core of its own for the test that kills one: it prints the process ids of all it started. */
const supervisor = new Supervisor({ clock: systemClock, log: silentLogger });
const pids: number[] = [];
for (const name of ['idle', 'spinning', 'stopped']) {
  const guest = supervisor.start(spec({ name, restart: 'always', limits: { pingMs: 0 } }));
  await guest.ready();
  pids.push(guest.status.pid!, (await guest.request('child', null)) as number);
  if (name === 'spinning') guest.request('spin', null, { timeoutMs: 600_000 }).catch(() => {});
  if (name === 'stopped') process.kill(guest.status.pid!, 'SIGSTOP');
}
console.log(JSON.stringify(pids));
setInterval(() => {}, 60_000);
