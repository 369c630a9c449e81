import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sourceFaults } from './source-rules.ts';

/** Every room explains itself on about a page, and keeps the rules that no import shows. */
export function roomFaults(root: string): string[] {
  const faults: string[] = [];
  for (const room of readdirSync(join(root, 'src'), { withFileTypes: true })) {
    if (!room.isDirectory()) continue;
    const readme = join(root, 'src', room.name, 'README.md');
    if (!existsSync(readme)) faults.push(`src/${room.name} has no README.md`);
    else if (readFileSync(readme, 'utf8').split('\n').length > 80)
      faults.push(`src/${room.name}/README.md is longer than a page`);
  }
  for (const entry of readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.tsx?$/.test(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    faults.push(...sourceFaults(path.slice(root.length + 1), readFileSync(path, 'utf8')));
  }
  return faults;
}
