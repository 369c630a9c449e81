import { existsSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { describeProblems, loadConfig } from '../../config/index.ts';

export interface Finding {
  check: string;
  ok: boolean;
  seen: string;
  next?: string;
}

/** What can be seen of a box that does not answer: its settings, its folders, its models, the disk. */
export function examineStopped(data: string, socket: string): Finding[] {
  const loaded = loadConfig({ argv: ['--data', data] });
  const config = loaded.ok ? loaded.config : loaded.safeConfig;
  const problems = loaded.ok ? [] : describeProblems(loaded.problems);
  const hasData = existsSync(join(data, 'jingu.db')) || existsSync(data);
  return [
    { check: 'daemon', ok: false, seen: `nobody answers on ${socket}`, next: 'npm start' },
    finding(
      'settings',
      problems.length === 0,
      problems.join(' ') || (loaded.file ?? 'defaults'),
      'correct the setting it names',
    ),
    finding('data', hasData, hasData ? data : `${data} does not exist yet`, 'npm start makes it'),
    finding('models', existsSync(config.models), config.models, 'npm start fetches one, or: jingu model import <file>'),
    diskFinding(hasData ? data : '/'),
  ];
}

function diskFinding(path: string): Finding {
  const { bavail, bsize } = statfsSync(path);
  const free = Math.round((bavail * bsize) / 1e6);
  return finding('disk', free > 500, `${free.toLocaleString('en')} MB free`, 'free some space');
}

function finding(check: string, ok: boolean, seen: string, next: string): Finding {
  return { check, ok, seen, ...(ok ? {} : { next }) };
}
