import { writeFileSync } from 'node:fs';
import { longText } from './texts.ts';

/** Writes a long text in a process of its own, so that making it leaves nothing in the memory that is measured. */
const [path, bytes] = process.argv.slice(2) as [string, string];
writeFileSync(path, (await longText(Number(bytes))).bytes);
