import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { newId, silentLogger, systemClock } from '../../src/common/index.ts';
import { loadConfig } from '../../src/config/index.ts';
import { Box } from '../../src/daemon/box.ts';
import type { Parts } from '../../src/daemon/parts.ts';
import type { InvokeResult } from '../../src/protocol/index.ts';
import { MetricRegistry } from '../../src/telemetry/index.ts';

/** A whole box in this process, on a data directory and a share of its own: every call goes through its real door. */
export class BenchBox {
  readonly base: string;
  readonly share: string;
  readonly #box: Box;

  private constructor(base: string, box: Box) {
    this.base = base;
    this.share = join(base, 'share');
    this.#box = box;
  }

  /** `base` is kept by whoever gave it; otherwise a new folder is made and removed at the end. */
  static async start(): Promise<BenchBox> {
    const base = mkdtempSync(join(tmpdir(), 'jingu-bench-'));
    mkdirSync(join(base, 'share'));
    const argv = ['--data', join(base, 'data'), '--port', '0', '--bind', '127.0.0.1', '--no-beacon'];
    const loaded = loadConfig({ argv: [...argv, '--models', join(base, 'no-models')], env: { HOME: base } });
    if (!loaded.ok) throw new Error(loaded.problems.map((problem) => problem.reason).join(' '));
    const box = new Box({
      config: loaded.config,
      version: 'bench',
      clock: systemClock,
      log: silentLogger,
      metrics: new MetricRegistry(),
      webRoot: undefined,
    });
    await box.start();
    const bench = new BenchBox(base, box);
    await bench.call('workspace.add', { name: 'office', root: bench.share });
    await bench.parts.realdoc.settled();
    return bench;
  }

  get parts(): Parts {
    return this.#box.parts;
  }

  async invoke(operation: string, input: object): Promise<InvokeResult> {
    const { core, identity } = this.parts;
    const request = { operation, input, idempotencyKey: newId('bench', Date.now()) };
    return await core.door.invoke(identity.consoleCaller(), request);
  }

  async call<T = Record<string, unknown>>(operation: string, input: object): Promise<T> {
    return (await this.invoke(operation, input)).output as T;
  }

  /** Resolves once the file on the share holds `version`. */
  async onShare(path: string, version: number): Promise<void> {
    for (;;) {
      const { documents } = await this.call<{ documents: { onShare: number }[] }>('doc.status', { path });
      if (documents[0]!.onShare >= version) return;
      await pause(20);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#box.stop();
    rmSync(this.base, { recursive: true, force: true });
  }
}
