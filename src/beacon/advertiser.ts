import { type CiaoService, getResponder, type Responder } from '@homebridge/ciao';
import type { Usable } from './interfaces.ts';
import { type BeaconPlan, hostName, instanceName, txtOf } from './plan.ts';

export interface AdvertiserEvents {
  announced(): void;
  /** The network had the name already; the responder chose another (RFC 6762, section 9). */
  renamed(name: string): void;
}

/** One announcement on one set of interfaces. A change of the network means a new one, so nothing stale is kept. */
export class Advertiser {
  readonly #responder: Responder;
  readonly #service: CiaoService;
  #stopping: Promise<void> | undefined;

  constructor(plan: BeaconPlan, interfaces: readonly Usable[], events: AdvertiserEvents) {
    // Named interfaces keep the library from asking `ip` or `arp` in a child process. It adds loopback to the list.
    this.#responder = getResponder({ interface: interfaces.map((each) => each.name) });
    this.#service = this.#responder.createService({
      name: instanceName(plan),
      hostname: hostName(plan),
      type: 'jingu',
      port: plan.port,
      txt: txtOf(plan),
      restrictedAddresses: interfaces.flatMap((each) => each.addresses),
    });
    this.#service.on('name-change', (name: string) => events.renamed(name));
    // Its listener is not optional: the library throws without one. The host name is not shown to people.
    this.#service.on('hostname-change', () => {});
    void this.#service.advertise().then(
      () => {
        if (!this.#stopping) events.announced();
      },
      () => {},
    );
  }

  /** Says goodbye where it still can and closes the sockets. Harmless when called twice. */
  stop(): Promise<void> {
    this.#stopping ??= this.#responder.shutdown().catch(() => {
      // The interface is gone: its listeners will learn from the record's lifetime.
    });
    return this.#stopping;
  }
}
