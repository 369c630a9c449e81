import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { GuestHandle, Supervisor } from '../guest/index.ts';
import { isLoopbackOnly } from './interfaces.ts';
import type { BeaconPlan, BeaconStatus } from './plan.ts';

export interface BeaconOptions {
  supervisor: Supervisor;
  /** A socket of the unit, where a service manager starts the guest. */
  socket?: string;
  onStatus?: (status: BeaconStatus) => void;
}

const OFF: BeaconStatus = { state: 'off', reason: null, name: null, interfaces: [] };

/** The core's side of the beacon. Nothing waits for it: without discovery the box is reached by its QR code. */
export class Beacon {
  readonly #options: BeaconOptions;
  #guest: GuestHandle | undefined;
  #unlisten: (() => void)[] = [];
  #status = OFF;

  constructor(options: BeaconOptions) {
    this.#options = options;
  }

  get status(): BeaconStatus {
    return this.#status;
  }

  /** Returns at once. With only loopback bound nothing is started at all. */
  start(plan: BeaconPlan): void {
    if (this.#guest) return;
    if (isLoopbackOnly(plan.addresses)) {
      this.#say({ ...OFF, state: 'silent', reason: 'only this machine can reach the box' });
      return;
    }
    const { supervisor, socket } = this.#options;
    const guest = supervisor.start({
      name: 'beacon',
      program: new URL('./guest-main.ts', import.meta.url),
      restart: 'always',
      init: () => plan,
      nodeOptions: ['--max-old-space-size=64', ...permissions()],
      threadPool: 1,
      oomScoreAdjust: 500,
      limits: { memoryMb: 160, readyMs: 15_000, drainMs: 3000 },
      ...(socket === undefined ? {} : { socket }),
    });
    this.#guest = guest;
    this.#unlisten = [
      guest.on('notify', (method, params) => {
        const status = method === 'status' ? readStatus(params) : undefined;
        if (status) this.#say(status);
      }),
      guest.on('state', ({ state, reason, detail }) => {
        if (state === 'gone' && reason !== 'stopped') this.#say({ ...OFF, state: 'degraded', reason: detail });
      }),
    ];
  }

  /** Says goodbye on the network. Harmless when called twice. */
  async stop(): Promise<void> {
    const guest = this.#guest;
    this.#guest = undefined;
    await guest?.stop();
    for (const off of this.#unlisten.splice(0)) off();
    this.#say(OFF);
  }

  #say(status: BeaconStatus): void {
    this.#status = status;
    this.#options.onStatus?.(status);
  }
}

const STATES = new Set(['off', 'silent', 'announcing', 'announced', 'degraded']);

/** The guest reads packets from anybody on the network: what it says is checked like theirs. */
function readStatus(value: unknown): BeaconStatus | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { state, reason, name, interfaces } = value as Record<string, unknown>;
  if (typeof state !== 'string' || !STATES.has(state) || !Array.isArray(interfaces)) return undefined;
  const text = (given: unknown) => (typeof given === 'string' ? given.slice(0, 200) : null);
  return {
    state: state as BeaconStatus['state'],
    reason: text(reason),
    name: text(name),
    interfaces: interfaces.filter((each) => typeof each === 'string').slice(0, 32),
  };
}

/** Node's permission model: no child processes, no workers, and of the files only its own code and the flags of links. */
function permissions(): string[] {
  const source = fileURLToPath(new URL('../', import.meta.url));
  const root = fileURLToPath(new URL('../../', import.meta.url));
  // The modules as they are named here, and where they really are.
  const library = createRequire(import.meta.url).resolve('@homebridge/ciao');
  const modules = library.slice(0, library.lastIndexOf(`${sep}node_modules${sep}`) + `${sep}node_modules${sep}`.length);
  const folders = [source, `${root}node_modules${sep}`, modules, `${dirname(modules)}${sep}package.json`];
  return ['--permission', ...folders.map((folder) => `--allow-fs-read=${folder}`), '--allow-fs-read=/sys/class/net/*'];
}
