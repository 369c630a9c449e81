/**
 * Completes package-lock.json. npm leaves out optional packages of other platforms when the registry it was made with
 * does not carry them (npm/cli issue 4828), and `npm ci` then refuses the lock. Each of them gets an entry with the
 * version its parent names and the platform its name says, so that npm knows to leave it alone here.
 * Run after every `npm install <package>`; `npm run check` calls it with --check.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Entry {
  version?: string;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}

const SYSTEMS: [RegExp, string][] = [
  [/\bandroid\b/, 'android'],
  [/\b(darwin|mac)\b/, 'darwin'],
  [/\bfreebsd\b/, 'freebsd'],
  [/\bopenharmony\b/, 'openharmony'],
  [/\b(win32|win)\b/, 'win32'],
  [/\blinux\b/, 'linux'],
];

const path = join(import.meta.dirname, '..', 'package-lock.json');
const lock = JSON.parse(readFileSync(path, 'utf8')) as { packages: Record<string, Entry> };
const missing = missingEntries(lock.packages);

if (missing.length > 0 && process.argv.includes('--check')) {
  console.error(`package-lock.json lacks ${missing.length} optional packages: node scripts/complete-lock.ts`);
  process.exitCode = 1;
} else if (missing.length > 0) {
  const packages = { ...lock.packages, ...Object.fromEntries(missing) };
  lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, 'en')));
  writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(`package-lock.json: ${missing.length} optional packages of other platforms added`);
}

function missingEntries(packages: Record<string, Entry>): [string, Entry][] {
  const found = new Map<string, Entry>();
  for (const [parent, entry] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      if (`node_modules/${name}` in packages || `${parent}/node_modules/${name}` in packages) continue;
      // A range would need the registry to be answered; such packages are ordinary ones and always in the lock.
      const platform = platformOf(name);
      if (!/^\d+\.\d+\.\d+$/.test(version) || !platform) throw new Error(`cannot tell what ${name}@${version} is for`);
      const { cpu, libc, os } = platform;
      const dev = entry.dev ? { dev: true } : {};
      // npm writes the members in this order.
      found.set(`node_modules/${name}`, { version, cpu, ...dev, ...(libc ? { libc } : {}), optional: true, os });
    }
  }
  return [...found];
}

function platformOf(name: string): { os: string[]; cpu: string[]; libc?: string[] } | undefined {
  const os = SYSTEMS.find(([pattern]) => pattern.test(name))?.[1];
  const cpu = /\b(arm64|x64|ia32|ppc64|riscv64|s390x)\b/.exec(name)?.[1] ?? (/\barm-/.test(name) ? 'arm' : undefined);
  if (!os || !cpu) return undefined;
  const musl = /musl/.test(name);
  return { os: [os], cpu: [cpu], ...(os === 'linux' ? { libc: [musl ? 'musl' : 'glibc'] } : {}) };
}
