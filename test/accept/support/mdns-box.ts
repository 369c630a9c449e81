import { createServer } from 'node:tls';
import { Beacon, type BeaconPlan } from '../../../src/beacon/index.ts';
import { silentLogger, systemClock } from '../../../src/common/index.ts';
import { Supervisor } from '../../../src/guest/index.ts';
import { serveJson } from './json-process.ts';
import { selfSigned } from './self-signed.ts';

/** The box's side in its own network namespace: the real supervisor and beacon, and a TLS port with a key of its own. */
const supervisor = new Supervisor({ clock: systemClock, log: silentLogger });
const { cert, key, spki } = await selfSigned();
const port = createServer({ cert, key }, (socket) => socket.on('error', () => {}).end());
await new Promise<void>((resolve) => port.listen(7443, '::', resolve));

const beacon = new Beacon({ supervisor, onStatus: (status) => news({ status }) });

async function end(): Promise<void> {
  await beacon.stop();
  await supervisor.stop();
  process.exit(0);
}

const news = serveJson(
  {
    start: (params) => beacon.start(params['plan'] as BeaconPlan),
    stop: () => beacon.stop(),
    status: () => ({ ...beacon.status, guest: supervisor.list()[0] ?? null }),
    spki: () => spki,
    kill: () => process.kill(supervisor.list()[0]!.pid!, 'SIGKILL'),
  },
  () => void end(),
);
