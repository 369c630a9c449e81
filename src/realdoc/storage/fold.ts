import { CHAIN_START, versionDigest } from '../history/chain.ts';
import type { OpRow } from '../rows.ts';
import { packChange, packFull, plainChange, unpackChange } from '../text/codec.ts';
import { composeAll } from '../text/compose.ts';
import type { LoggedOp } from './pack.ts';

/** A version both as it is stored and as it is read. */
export interface Both {
  logged: LoggedOp;
  op: OpRow;
}

/**
 * Some versions that follow one another, as one: the last of them, with the change of all. `before` is what the first
 * of them follows, `undefined` where the history shall start. `sha256` is the digest of the text of the last one, where
 * no change leads to it: at the start, or past a version that was a text.
 */
export function fold(unit: readonly Both[], before: OpRow | undefined, sha256: string | undefined): LoggedOp {
  const { logged, op } = unit.at(-1)!;
  const span = op.version - (before?.version ?? 0);
  if (span === op.span) return logged;
  const plain =
    sha256 === undefined ? plainChange(composeAll(unit.map((one) => unpackChange(one.op.splices)))) : undefined;
  const splices = plain ? packChange(plain) : packFull(sha256!);
  const prev = before?.digest ?? CHAIN_START;
  return { ...logged, span, splices, digest: op.digest, seal: versionDigest({ ...op, prev }, plain ?? splices) };
}

/** Cuts versions into runs that each end with a kept one. What follows the last kept one is left out. */
export function units(ops: readonly Both[], kept: ReadonlySet<number>): Both[][] {
  const out: Both[][] = [];
  let unit: Both[] = [];
  for (const one of ops) {
    unit.push(one);
    if (!kept.has(one.op.version)) continue;
    out.push(unit);
    unit = [];
  }
  return out;
}

/** True if the last version of a run can only be had as a text once the others are gone. */
export function needsText(unit: readonly Both[], isStart: boolean): boolean {
  const last = unit.at(-1)!.op;
  if (isStart) return last.version !== last.span;
  return unit.length > 1 && unit.some(({ op }) => op.isFull);
}
