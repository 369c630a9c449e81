import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** LibreOffice without a screen, in a profile of its own, many files a start. */
export class LibreOffice {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  static version(): string | undefined {
    const run = spawnSync('soffice', ['--version'], { encoding: 'utf8' });
    return run.status === 0 ? run.stdout.trim() : undefined;
  }

  /**
   * Opens each file and writes it as flat XML (`fodt`, `fods`, `fodp`). Gives what was written by path; a file that
   * LibreOffice cannot open is absent. One that takes the program down is tried again alone.
   */
  async read(files: readonly string[], to: 'fodt' | 'fods' | 'fodp'): Promise<Map<string, string>> {
    const texts = new Map<string, string>();
    for (let at = 0; at < files.length; at += 40) await this.#batch(files.slice(at, at + 40), to, texts);
    for (const file of files) if (!texts.has(file)) await this.#batch([file], to, texts);
    return texts;
  }

  async #batch(files: readonly string[], to: string, texts: Map<string, string>): Promise<void> {
    const out = join(this.#folder, 'out');
    rmSync(out, { recursive: true, force: true });
    mkdirSync(out, { recursive: true });
    const profile = `-env:UserInstallation=${pathToFileURL(join(this.#folder, 'profile')).href}`;
    const args = ['--headless', '--norestore', profile, '--convert-to', to, '--outdir', out, ...files];
    const child = spawn('soffice', args, { stdio: 'ignore', detached: true });
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), 60_000 + files.length * 20_000);
      child.once('error', reject);
      child.once('exit', () => {
        clearTimeout(timer);
        resolve();
      });
    });
    for (const file of files) {
      const made = join(out, `${basename(file).replace(/\.[^.]*$/, '')}.${to}`);
      if (existsSync(made)) texts.set(file, readFileSync(made, 'utf8'));
    }
  }
}
