/** `npm run bench -- core [--json] [parts]`: speed and memory of the core, each figure beside its bar. */
import { loadavg } from 'node:os';
import { measureDoor } from './support/door.ts';
import { measureEdits } from './support/edits.ts';
import { type Figure, machineFacts, table } from './support/figure.ts';
import { measureModel } from './support/model.ts';
import { measureSockets } from './support/sockets.ts';
import { measureStartUp } from './support/start-up.ts';

const PARTS: Record<string, () => Promise<Figure[]>> = {
  start: measureStartUp,
  edits: measureEdits,
  door: measureDoor,
  sockets: measureSockets,
  model: measureModel,
};

const words = process.argv.slice(2).filter((word) => !word.startsWith('-'));
const unknown = words.find((word) => !(word in PARTS));
if (unknown !== undefined) {
  console.error(`no part is called "${unknown}": ${Object.keys(PARTS).join(', ')}`);
  process.exit(2);
}
const load = loadavg()[0]!;
const figures: Figure[] = [];
for (const [name, measure] of Object.entries(PARTS)) {
  if (words.length > 0 && !words.includes(name)) continue;
  const from = performance.now();
  figures.push(...(await measure()));
  process.stderr.write(`${name}: measured in ${((performance.now() - from) / 1000).toFixed(1)} s\n`);
}
const machine = machineFacts(load);
if (process.argv.includes('--json')) console.log(JSON.stringify({ name: 'core', machine, figures }, null, 2));
else {
  const { processor, cores, memoryMb, node } = machine;
  console.log(
    `${cores} x ${processor}, ${memoryMb} MB, Node ${node}, load ${machine.load.atStart} to ${machine.load.atEnd}`,
  );
  console.log(table(figures));
}
