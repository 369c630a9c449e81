import { createSocket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import { Advertiser } from './advertiser.ts';
import { isLoopbackOnly, kernelFlags, type Usable, usableInterfaces } from './interfaces.ts';
import { type BeaconPlan, type BeaconStatus, instanceName } from './plan.ts';

/** Two looks that agree come before a change: a link that flaps is not announced at every flap. */
const LOOK_MS = 700;
const MULTICAST = '224.0.0.251';

/** What the announcer sees of the machine; tests put their own in its place. */
export interface MachinePort {
  interfaces(): ReturnType<typeof networkInterfaces>;
  flags(name: string): number | undefined;
  /** Undefined when multicast works on the address, else why not. */
  multicastProblem(address: string): Promise<string | undefined>;
}

/** Follows the interfaces and keeps one announcement in step with them. Never throws out of its loop. */
export class Announcer {
  readonly #plan: BeaconPlan;
  readonly #machine: MachinePort;
  readonly #onStatus: (status: BeaconStatus) => void;
  #advertiser: Advertiser | undefined;
  #announced = '';
  #lastLook = '';
  #timer: NodeJS.Timeout | undefined;
  #turn: Promise<void> = Promise.resolve();
  #isStopped = false;
  #status: BeaconStatus = { state: 'off', reason: null, name: null, interfaces: [] };

  constructor(plan: BeaconPlan, onStatus: (status: BeaconStatus) => void, machine: MachinePort = systemMachine) {
    this.#plan = plan;
    this.#onStatus = onStatus;
    this.#machine = machine;
  }

  get status(): BeaconStatus {
    return this.#status;
  }

  start(): void {
    if (isLoopbackOnly(this.#plan.addresses)) {
      this.#say({ state: 'silent', reason: 'only this machine can reach the box', name: null, interfaces: [] });
      return;
    }
    this.#next(0);
  }

  /** Says goodbye. Harmless when called twice. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#turn;
    await this.#advertiser?.stop();
    this.#advertiser = undefined;
    this.#say({ state: 'off', reason: null, name: null, interfaces: [] });
  }

  #next(ms: number): void {
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => {
      this.#turn = this.#step().then(() => this.#next(LOOK_MS));
    }, ms);
  }

  async #step(): Promise<void> {
    try {
      const usable = this.#look();
      const look = JSON.stringify(usable);
      const isSettled = look === this.#lastLook || this.#lastLook === '';
      this.#lastLook = look;
      if (isSettled && look !== this.#announced) await this.#announce(usable, look);
    } catch (error) {
      this.#degrade(error instanceof Error ? error.message : String(error));
    }
  }

  #look(): Usable[] {
    return usableInterfaces(this.#machine.interfaces(), this.#plan.addresses, (name) => this.#machine.flags(name));
  }

  async #announce(usable: Usable[], look: string): Promise<void> {
    const before = this.#advertiser;
    this.#advertiser = undefined;
    await before?.stop();
    this.#announced = look;
    if (usable.length === 0) return this.#degrade('no network interface with multicast is up');
    const working: Usable[] = [];
    let problem = '';
    for (const each of usable) {
      const found = await this.#machine.multicastProblem(each.addresses[0]!);
      if (found === undefined) working.push(each);
      else problem = found;
    }
    if (working.length === 0) {
      // Looked at again at each turn: multicast may come back without any change of the addresses.
      this.#announced = '';
      return this.#degrade(`multicast does not work: ${problem}`);
    }
    if (this.#isStopped) return;
    const interfaces = working.map((each) => each.name);
    this.#say({ state: 'announcing', reason: null, name: instanceName(this.#plan), interfaces });
    this.#advertiser = new Advertiser(this.#plan, working, {
      announced: () => this.#say({ ...this.#status, state: 'announced' }),
      renamed: (name) => this.#say({ ...this.#status, name }),
    });
  }

  #degrade(reason: string): void {
    this.#say({ state: 'degraded', reason, name: null, interfaces: [] });
  }

  #say(status: BeaconStatus): void {
    if (JSON.stringify(status) === JSON.stringify(this.#status)) return;
    this.#status = status;
    this.#onStatus(status);
  }
}

const systemMachine: MachinePort = {
  interfaces: networkInterfaces,
  flags: kernelFlags,
  multicastProblem: (address) =>
    new Promise((resolve) => {
      const socket = createSocket({ type: 'udp4', reuseAddr: true });
      const finish = (problem: string | undefined) => {
        socket.removeAllListeners();
        socket.close();
        resolve(problem);
      };
      socket.once('error', (error) => finish(error.message));
      socket.bind(0, () => {
        try {
          socket.addMembership(MULTICAST, address);
          socket.setMulticastInterface(address);
          finish(undefined);
        } catch (error) {
          finish(error instanceof Error ? error.message : String(error));
        }
      });
    }),
};
