import * as rows from '../../src/realdoc/repository/index.ts';
import { unpackChange } from '../../src/realdoc/text/codec.ts';
import type { Trial } from './address-maker.ts';
import type { DocBox } from './doc-box.ts';
import { type ModelText, writeModel } from './text-model.ts';

export interface Fault {
  name: string;
  what: string;
  /** Every version that is known, as the model has it. */
  versions: readonly ModelText[];
  trial: Trial | undefined;
  /** What the box made, and what the model makes. */
  bytes: Buffer | undefined;
  exact: ModelText | undefined;
}

/** All that is needed to understand what went wrong in a trial. */
export function faultText(box: DocBox, { name, what, versions, trial, bytes, exact }: Fault): string {
  const lines = [`${name}: ${what}`, `  head v${versions.length} ${shown(writeModel(versions.at(-1)!))}`];
  if (trial) {
    lines.push(`  call ${JSON.stringify(trial.input)}`);
    for (let v = trial.base; v < versions.length; v++) {
      lines.push(`  ${v === trial.base ? 'base ' : ''}v${v} ${shown(writeModel(versions[v - 1]!))}`);
    }
    lines.push(...splicesSince(box, name, trial.base));
  }
  if (exact) lines.push(`  want ${shown(writeModel(exact))}`);
  if (bytes) lines.push(`  have ${shown(bytes)}`);
  return lines.join('\n');
}

function shown(text: Buffer): string {
  const short = text.toString('latin1').replaceAll(/(long ){9,}/g, 'LONG ');
  return JSON.stringify(short.slice(0, 1500));
}

/** How the room itself tells what happened since a version. */
function splicesSince(box: DocBox, name: string, base: number): string[] {
  const file = rows.fileAt(box.store, box.room.workspace('office').id, name);
  if (!file) return [];
  return rows.opsBetween(box.store, file.id, base, file.head).map((op) => {
    const splices = op.isFull ? [] : unpackChange(op.splices);
    const shown = splices.map(
      ({ at, del, ins }) => `${at} -${JSON.stringify(`${Buffer.from(del)}`)} +${JSON.stringify(`${Buffer.from(ins)}`)}`,
    );
    return `  v${op.version} ${op.source} of v${op.base}${op.isFull ? ' (full)' : ''}: ${shown.join('; ')}`;
  });
}
