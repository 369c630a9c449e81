/**
 * A program that saves a text over and over, as the child of a race: `root way seed saves pauseMs documents`. Before
 * each save it reads the file as it is, then puts one more line of its own into it. Every finished save is told on the
 * output with its document.
 */
import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { diceFrom } from './random.ts';

const [root, way, seed, saves, pauseMs, documents] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
  string,
];
const random = diceFrom(Number(seed));

async function save(name: string, text: string, i: number): Promise<void> {
  const target = join(root, name);
  if (way === 'rename') {
    const temporary = join(root, `.${name}.saving-${i}`);
    writeFileSync(temporary, text);
    renameSync(temporary, target);
    return;
  }
  if (way === 'dance') {
    const aside = `${name.replace(/\D/g, '')}${String(i).padStart(4, '0')}`;
    // Word: a new file, the old one aside, the new one in its place, the old one away.
    writeFileSync(join(root, `~WRD${aside}.tmp`), text);
    renameSync(target, join(root, `~WRL${aside}.tmp`));
    if (random(4) === 0) await sleep(random(20));
    renameSync(join(root, `~WRD${aside}.tmp`), target);
    return;
  }
  const handle = openSync(target, way === 'truncate' ? 'w' : 'r+');
  // A program that has the file open while its person thinks; whatever happens to the name, it writes to this file.
  if (random(3) === 0) await sleep(random(25));
  const bytes = Buffer.from(text);
  const cut = random(bytes.length);
  writeSync(handle, bytes, 0, cut, 0);
  if (random(3) === 0) await sleep(random(10));
  writeSync(handle, bytes, cut, bytes.length - cut, cut);
  if (way !== 'truncate') ftruncateSync(handle, bytes.length);
  if (random(2) === 0) fsyncSync(handle);
  closeSync(handle);
}

async function saveOften(name: string): Promise<void> {
  for (let i = 0; i < Number(saves); i++) {
    await sleep(random(2 * Number(pauseMs)));
    const line = `${way} ${seed}-${i} ${'x'.repeat(random(60))}`;
    await save(name, `${readFileSync(join(root, name), 'utf8')}${line}\n`, i);
    process.stdout.write(`${name}\t${line}\n`);
  }
}

await Promise.all(Array.from({ length: Number(documents) }, (_, n) => saveOften(`${way}${n}.md`)));
