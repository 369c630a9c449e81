/** Where a progress line goes: a terminal is redrawn in place, anything else gets a line each tenth. */
export interface Screen {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

/** Shows how far a transfer is. `from` bytes were there before, so they do not count for the speed. */
export class ProgressBar {
  readonly #screen: Screen;
  readonly #total: number;
  readonly #from: number;
  readonly #now: () => number;
  readonly #start: number;
  #shownAt = Number.NEGATIVE_INFINITY;
  #tenth = 0;

  constructor(screen: Screen, total: number, from: number, now: () => number = () => performance.now()) {
    this.#screen = screen;
    this.#total = total;
    this.#from = from;
    this.#now = now;
    this.#start = now();
    this.#tenth = Math.floor((from / total) * 10);
  }

  update(done: number): void {
    const now = this.#now();
    if (this.#screen.isTTY) {
      if (now - this.#shownAt < 100 && done < this.#total) return;
      this.#shownAt = now;
      this.#screen.write(`\r${this.#line(done, now)}\u001b[K`);
      return;
    }
    const tenth = Math.floor((done / this.#total) * 10);
    if (tenth <= this.#tenth) return;
    this.#tenth = tenth;
    this.#screen.write(`${this.#line(done, now)}\n`);
  }

  /** Leaves the cursor on a fresh line. */
  end(): void {
    if (this.#screen.isTTY && this.#shownAt > Number.NEGATIVE_INFINITY) this.#screen.write('\n');
  }

  #line(done: number, now: number): string {
    const share = done / this.#total;
    const speed = (done - this.#from) / Math.max(0.001, (now - this.#start) / 1000);
    const left = speed > 0 ? Math.ceil((this.#total - done) / speed) : undefined;
    const facts = `${mb(done)} of ${mb(this.#total)} MB, ${(speed / 1e6).toFixed(1)} MB/s${left ? `, ${clock(left)} left` : ''}`;
    const width = Math.max(0, Math.min(40, (this.#screen.columns ?? 80) - facts.length - 10));
    const full = Math.round(share * width);
    const bar = width > 0 ? `${'█'.repeat(full)}${'░'.repeat(width - full)} ` : '';
    return `${bar}${String(Math.floor(share * 100)).padStart(3)} % ${facts}`;
  }
}

const mb = (bytes: number): string => Math.round(bytes / 1e6).toLocaleString('en');

function clock(seconds: number): string {
  return seconds < 100 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
}
