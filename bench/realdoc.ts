/**
 * `npm run bench -- realdoc [--json] [--only edits,law] [--quick] [--large BYTES]`: speed and size of the documents,
 * each figure beside its bar and its rival or floor of the same run. Each part runs in a process of its own, so that no
 * part measures the memory or the garbage of another.
 */
import { spawnSync } from 'node:child_process';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import NODE_FLAGS from '../src/daemon/node-flags.json' with { type: 'json' };
import { measureBackground } from './realdoc/background.ts';
import { measureDiffs } from './realdoc/diffs.ts';
import { measureEdits } from './realdoc/edits.ts';
import { measureHistory } from './realdoc/history.ts';
import { measureLaw } from './realdoc/law.ts';
import { measureMemory } from './realdoc/memory.ts';
import { FULL, QUICK, type Sizes } from './realdoc/sizes.ts';
import { measureTokens } from './realdoc/tokens.ts';
import { measureTraces } from './realdoc/traces.ts';
import { measureVisible } from './realdoc/visible.ts';
import { type Figure, machineFacts, table } from './support/figure.ts';

const PARTS: Record<string, (sizes: Sizes) => Promise<Figure[]>> = {
  edits: measureEdits,
  visible: measureVisible,
  background: measureBackground,
  memory: measureMemory,
  diffs: measureDiffs,
  law: measureLaw,
  traces: measureTraces,
  tokens: measureTokens,
  history: measureHistory,
};

const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    only: { type: 'string' },
    quick: { type: 'boolean' },
    large: { type: 'string' },
    /** Runs one part here and prints its figures as JSON. */
    part: { type: 'string' },
  },
});
const sizes: Sizes = { ...(values.quick ? QUICK : FULL), ...(values.large ? { large: Number(values.large) } : {}) };
const wanted = values.only?.split(',') ?? Object.keys(PARTS);
const unknown = [...wanted, ...(values.part ? [values.part] : [])].find((name) => !(name in PARTS));
if (unknown !== undefined || !(sizes.large > 0)) {
  console.error(
    unknown === undefined ? '--large wants bytes' : `no part is called "${unknown}": ${Object.keys(PARTS)}`,
  );
  process.exit(2);
}

if (values.part !== undefined) {
  console.log(JSON.stringify(await PARTS[values.part]!(sizes)));
} else {
  const load = loadavg()[0]!;
  const figures: Figure[] = [];
  for (const name of Object.keys(PARTS).filter((part) => wanted.includes(part))) {
    const from = performance.now();
    const own = ['--expose-gc', ...NODE_FLAGS, import.meta.filename, '--part', name, '--large', String(sizes.large)];
    const done = spawnSync(process.execPath, [...own, ...(values.quick ? ['--quick'] : [])], {
      stdio: ['ignore', 'pipe', 'inherit'],
      maxBuffer: 1 << 26,
    });
    if (done.status !== 0) process.exit(done.status ?? 1);
    figures.push(...(JSON.parse(done.stdout.toString()) as Figure[]));
    process.stderr.write(`${name}: measured in ${((performance.now() - from) / 1000).toFixed(1)} s\n`);
  }
  const machine = machineFacts(load);
  if (values.json) console.log(JSON.stringify({ name: 'realdoc', machine, figures }, null, 2));
  else {
    const { processor, cores, memoryMb, node } = machine;
    console.log(
      `${cores} x ${processor}, ${memoryMb} MB, Node ${node}, load ${machine.load.atStart} to ${machine.load.atEnd}`,
    );
    console.log(table(figures));
  }
}
