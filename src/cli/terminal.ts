import { createInterface } from 'node:readline/promises';
import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/**
 * Where the command writes. stdout is data, everything else goes to stderr. For people when stdout is a terminal and
 * --json was not said; otherwise one JSON object. Nothing is asked unless stdin and stdout are both terminals.
 */
export class Terminal {
  readonly isHuman: boolean;
  readonly mayAsk: boolean;

  constructor({ json }: { json: boolean }) {
    this.isHuman = Boolean(process.stdout.isTTY) && !json;
    this.mayAsk = this.isHuman && Boolean(process.stdin.isTTY);
  }

  get columns(): number {
    return process.stdout.columns || 100;
  }

  get rows(): number {
    return process.stdout.rows || 24;
  }

  /** Data for people, on stdout. */
  show(text: string): void {
    process.stdout.write(text.endsWith('\n') || text === '' ? text : `${text}\n`);
  }

  /** The one object for programs. */
  data(operation: string, data: unknown): void {
    process.stdout.write(`${JSON.stringify({ operation, data })}\n`);
  }

  /** One object of a stream. */
  line(value: unknown): void {
    process.stdout.write(`${JSON.stringify(value)}\n`);
  }

  /** What happens meanwhile, on stderr. */
  note(text: string): void {
    process.stderr.write(`${text}\n`);
  }

  /** Colours follow NO_COLOR, FORCE_COLOR, TERM and whether it is a terminal (util.styleText does that). */
  style(format: Style, text: string, stream: 'stdout' | 'stderr' = 'stdout'): string {
    return styleText(format, text, { stream: process[stream] });
  }

  /** A line typed by the person; undefined when nobody can be asked, or on end of input. */
  async ask(question: string, signal: AbortSignal): Promise<string | undefined> {
    if (!this.mayAsk) return undefined;
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    const closed = new Promise<undefined>((resolve) => lines.once('close', () => resolve(undefined)));
    try {
      return (await Promise.race([lines.question(question, { signal }), closed]))?.trim();
    } finally {
      lines.close();
    }
  }

  async askYes(question: string, signal: AbortSignal): Promise<boolean> {
    return /^(y|yes|是|好)$/i.test((await this.ask(`${question} [y/N] `, signal)) ?? '');
  }
}
