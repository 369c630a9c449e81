import { type Clock, type Locale, systemClock } from '../common/index.ts';
import type { Hello } from '../protocol/index.ts';
import { JinguClient } from './client.ts';
import { type AppInfo, deviceHandshake } from './handshake.ts';
import type { DeviceKey } from './keys.ts';
import type { PairedBox } from './paired-box.ts';
import type { Transport } from './transport.ts';
import { Witness, type WitnessStore } from './witness.ts';

export interface OpenOptions {
  box: PairedBox;
  key: DeviceKey;
  transport: Transport;
  app: AppInfo;
  locale: Locale;
  /** The page's own origin in a browser; null elsewhere. */
  origin: string | null;
  witness: WitnessStore;
  clock?: Clock;
  random?: () => number;
  requestedScopes?: string[];
}

/** A client of a paired box with its handshake and its witness, not yet connected. */
export function openBox(options: OpenOptions): { client: JinguClient<Hello>; witness: Witness } {
  const { box, key, transport, app, locale, origin, requestedScopes } = options;
  const witness = new Witness(options.witness);
  const handshake = deviceHandshake({
    box,
    key,
    app,
    locale,
    origin,
    ...(requestedScopes ? { requestedScopes } : {}),
    seenAuditHead: () => witness.seenAuditHead(),
  });
  const client = new JinguClient<Hello>({
    origins: box.origins,
    transport,
    handshake,
    clock: options.clock ?? systemClock,
    ...(options.random ? { random: options.random } : {}),
    welcome: (hello, ask) => witness.welcome(hello, ask),
  });
  return { client, witness };
}
