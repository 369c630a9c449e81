import { spawn } from 'node:child_process';
import { pagerOf } from '../config/locate.ts';
import type { Terminal } from './terminal.ts';

/**
 * Shows text that is longer than the screen through the person's pager. Short text, and text for programs, goes
 * straight to stdout. Never throws: a pager that cannot be started means no pager.
 */
export async function showPaged(text: string, terminal: Terminal): Promise<void> {
  const { command, env } = pagerOf();
  if (!terminal.isHuman || command === '' || command === 'cat' || text.split('\n').length < terminal.rows) {
    terminal.show(text);
    return;
  }
  const isShown = await new Promise<boolean>((resolve) => {
    const child = spawn('/bin/sh', ['-c', command], { stdio: ['pipe', 'inherit', 'inherit'], env });
    child.on('error', () => resolve(false));
    // 126 and 127: the shell found nothing to run.
    child.on('close', (code) => resolve(code !== 126 && code !== 127));
    // Closed before the end: the person has seen enough.
    child.stdin.on('error', () => {});
    child.stdin.end(text.endsWith('\n') ? text : `${text}\n`);
  });
  if (!isShown) terminal.show(text);
}
