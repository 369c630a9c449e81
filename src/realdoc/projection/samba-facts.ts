import { execFile } from 'node:child_process';
import type { Clock } from '../../common/index.ts';
import type { OpenFile, ShareFacts } from './share-facts.ts';

/** What was asked a moment ago still holds: asking takes a tenth of a second. */
const FRESH_MS = 2000;
const TIMEOUT_MS = 3000;
const MOST_BYTES = 16 * 1024 * 1024;

export interface SambaFactsOptions {
  clock: Clock;
  /** The program and its first arguments. Left out: the `smbstatus` of this machine. */
  command?: readonly string[];
}

/** What `smbstatus --json` of Samba prints, as far as it is read here. */
interface Status {
  sessions?: Record<string, { server_id?: { pid?: string }; username?: string; remote_machine?: string }>;
  open_files?: Record<string, { opens?: Record<string, Open> }>;
}

interface Open {
  server_id?: { pid?: string };
  access_mask?: { WRITE_DATA?: boolean; APPEND_DATA?: boolean };
  sharemode?: { WRITE?: boolean };
}

/** Asks Samba which files its clients have open for writing, or so that nobody else may write. Needs its rights (root). */
export function sambaFacts({ clock, command = ['smbstatus'] }: SambaFactsOptions): ShareFacts {
  let asked: { at: number; answer: Promise<OpenFile[]> } | undefined;
  return {
    openFiles: () => {
      const now = clock.monotonic();
      if (!asked || now - asked.at > FRESH_MS) asked = { at: now, answer: ask(command) };
      return asked.answer;
    },
  };
}

function ask([program, ...args]: readonly string[]): Promise<OpenFile[]> {
  return new Promise((resolve) => {
    const options = { timeout: TIMEOUT_MS, maxBuffer: MOST_BYTES };
    execFile(program!, [...args, '--json'], options, (error, output) => {
      try {
        resolve(error ? [] : openFilesOf(JSON.parse(output) as Status));
      } catch {
        resolve([]);
      }
    });
  });
}

function openFilesOf({ sessions = {}, open_files = {} }: Status): OpenFile[] {
  const people = new Map<string | undefined, string>();
  for (const { server_id, username, remote_machine } of Object.values(sessions)) {
    people.set(server_id?.pid, [username, remote_machine && `(${remote_machine})`].filter(Boolean).join(' '));
  }
  const found: OpenFile[] = [];
  for (const [path, { opens = {} }] of Object.entries(open_files)) {
    for (const { server_id, access_mask, sharemode } of Object.values(opens)) {
      const isWriting = access_mask?.WRITE_DATA === true || access_mask?.APPEND_DATA === true;
      if (isWriting || sharemode?.WRITE === false) found.push({ path, who: people.get(server_id?.pid) ?? '' });
    }
  }
  return found;
}
