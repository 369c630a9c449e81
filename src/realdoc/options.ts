import type { Clock, Database, Logger } from '../common/index.ts';
import type { Caller, InvokeRequest, InvokeResult } from '../protocol/index.ts';
import type { CheckSyntax } from './edit/advisory.ts';
import type { FormatResolver } from './edit/place.ts';
import type { ParsePort } from './parse/port.ts';
import type { Kernel } from './projection/kernel.ts';
import type { ShareFacts } from './projection/share-facts.ts';

/** The door, as this room needs it: what the box notices on the share enters by it and leaves an audit record. */
export type Invoke = (
  caller: Caller,
  request: InvokeRequest,
  options?: { signal?: AbortSignal; onPart?: (part: unknown) => void },
) => Promise<InvokeResult>;

export interface RealDocOptions {
  db: Database;
  clock: Clock;
  log: Logger;
  invoke: Invoke;
  /** Never inside a workspace, and no workspace inside it. */
  dataDirectory: string;
  /** Caller for what nobody asked for (the watcher). Left out: an internal one with the rights to read and write. */
  caller?: () => Caller;
  /** Milliseconds between scans of every workspace; events are only a help. */
  scanEveryMs?: number;
  /** `false`: no file events, scans only. */
  watch?: boolean;
  /** Addresses of text formats: cells, pointers, headings, symbols. Left out: those that the core reads itself. */
  addresses?: FormatResolver;
  /** Whether a text is what its name says. Left out: the formats tell. */
  checkSyntax?: CheckSyntax;
  /** Reads foreign formats in a guest. Left out: only what the core reads itself can be addressed. */
  parser?: ParsePort;
  /** Calls that Node lacks. Left out: those of this machine, if there are any. */
  kernel?: () => Promise<Kernel | undefined>;
  /** The most bytes of history, in all and for each workspace; 0 or left out: as much as the disk has. */
  historyBytes?: { all: number; each: number };
  /** Rows of the log that stay, and the least that make a pack. Left out: as on the appliance. */
  packing?: { stay: number; least: number };
  /** Since when tasks are open that may still take back what they did (milliseconds); `undefined`: none is. */
  openSince?: () => number | undefined;
  /** Who has files of the share open. Left out: only what lies on the disk tells. */
  shareFacts?: ShareFacts;
}
