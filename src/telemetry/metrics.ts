type Labels<L extends string> = Record<L, string>;

interface Metric {
  render(): string[];
}

export interface Counter<L extends string> {
  add(labels: Labels<L>, by?: number): void;
}
export interface Gauge<L extends string> {
  set(labels: Labels<L>, value: number): void;
}
export interface Histogram<L extends string> {
  observe(labels: Labels<L>, value: number): void;
}

/** More label values than this, and the rest are counted as "other": a label must never grow with what people do. */
const SERIES = 500;

/**
 * Counters, gauges and histograms in Prometheus' text format (exposition format 0.0.4). Label values come from closed
 * lists: operation ids, outcomes, model ids; never user text. Names are checked once, when a metric is made.
 */
export class MetricRegistry {
  readonly #metrics = new Map<string, Metric>();

  counter<L extends string = never>(name: string, help: string, labels: readonly L[] = []): Counter<L> {
    const series = new Map<string, number>();
    this.#add(name, help, 'counter', labels, () => plain(name, series));
    return {
      add(given, by = 1) {
        if (!(by >= 0)) throw new RangeError(`${name} only grows`);
        const key = keyOf(labels, given, series);
        series.set(key, (series.get(key) ?? 0) + by);
      },
    };
  }

  /** With `read`, the value is asked for when somebody looks; without labels only. */
  gauge<L extends string = never>(
    name: string,
    help: string,
    labels: readonly L[] = [],
    read?: () => number,
  ): Gauge<L> {
    const series = new Map<string, number>();
    this.#add(name, help, 'gauge', labels, () => {
      if (read) series.set('', read());
      return plain(name, series);
    });
    return { set: (given, value) => void series.set(keyOf(labels, given, series), value) };
  }

  /** Values that live elsewhere: `read` gives all of them whenever somebody looks, so what is gone is not shown. */
  sampled<L extends string>(
    name: string,
    help: string,
    type: 'gauge' | 'counter',
    labels: readonly L[],
    read: () => Iterable<readonly [Labels<L>, number]>,
  ): void {
    this.#add(name, help, type, labels, () => {
      const series = new Map<string, number>();
      for (const [given, value] of read()) {
        const key = keyOf(labels, given, series);
        series.set(key, (series.get(key) ?? 0) + value);
      }
      return plain(name, series);
    });
  }

  /** `bounds` are upper limits in ascending order; +Inf is added. */
  histogram<L extends string = never>(
    name: string,
    help: string,
    bounds: readonly number[],
    labels: readonly L[] = [],
  ): Histogram<L> {
    const series = new Map<string, { counts: number[]; sum: number }>();
    this.#add(name, help, 'histogram', labels, () =>
      [...series].flatMap(([key, { counts, sum }]) => {
        let total = 0;
        const buckets = [...bounds, Number.POSITIVE_INFINITY].map((bound, i) => {
          total += counts[i]!;
          const le = `le="${bound === Number.POSITIVE_INFINITY ? '+Inf' : bound}"`;
          return `${name}_bucket{${key ? `${key},${le}` : le}} ${total}`;
        });
        const tail = key ? `{${key}}` : '';
        return [...buckets, `${name}_sum${tail} ${sum}`, `${name}_count${tail} ${total}`];
      }),
    );
    return {
      observe(given, value) {
        const key = keyOf(labels, given, series);
        const entry = series.get(key) ?? { counts: new Array(bounds.length + 1).fill(0), sum: 0 };
        series.set(key, entry);
        const at = bounds.findIndex((bound) => value <= bound);
        entry.counts[at < 0 ? bounds.length : at]! += 1;
        entry.sum += value;
      },
    };
  }

  /** The body of `/metrics`. */
  render(): string {
    return `${[...this.#metrics.values()].flatMap((metric) => metric.render()).join('\n')}\n`;
  }

  #add(name: string, help: string, type: string, labels: readonly string[], lines: () => string[]): void {
    if (!/^jingu_[a-z0-9_]+$/.test(name)) throw new TypeError(`a metric is named jingu_…, not ${name}`);
    if (labels.some((label) => !/^[a-z][a-z0-9_]*$/.test(label) || label === 'le'))
      throw new TypeError(`labels of ${name}`);
    if (this.#metrics.has(name)) throw new TypeError(`${name} exists already`);
    const head = [`# HELP ${name} ${help.replaceAll('\n', ' ')}`, `# TYPE ${name} ${type}`];
    this.#metrics.set(name, { render: () => [...head, ...lines()] });
  }
}

function plain(name: string, series: Map<string, number>): string[] {
  return [...series].map(([key, value]) => `${name}${key ? `{${key}}` : ''} ${value}`);
}

function keyOf(labels: readonly string[], given: Record<string, string>, series: Map<string, unknown>): string {
  const key = render(labels, (label) => given[label] ?? '');
  return series.has(key) || series.size < SERIES ? key : render(labels, () => 'other');
}

function render(labels: readonly string[], read: (label: string) => string): string {
  return labels
    .map(
      (label) =>
        `${label}="${read(label).slice(0, 100).replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`,
    )
    .join(',');
}
