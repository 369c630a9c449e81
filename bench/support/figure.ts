import { cpus, loadavg, totalmem } from 'node:os';

/** One measured number beside its bar and, where there is one, beside a floor or rival of the same run. */
export interface Figure {
  name: string;
  unit: 'ms' | 's' | 'MB' | 'KB' | 'bytes' | 'times' | 'tokens' | 'tokens/s';
  value: number | null;
  bar?: { below: number } | { above: number };
  verdict: 'meets' | 'misses' | 'no bar' | 'UNAVAILABLE';
  beside?: { what: string; value: number; ratio: number };
  note?: string;
}

type Told = Pick<Figure, 'name' | 'unit'> & { below?: number; above?: number; note?: string };

export function figure(told: Told & { value: number; beside?: { what: string; value: number } }): Figure {
  const { name, unit, below, above, note, beside } = told;
  const value = round(told.value);
  const isMet = below === undefined ? value >= (above ?? 0) : value < below;
  return {
    name,
    unit,
    value,
    ...barOf(told),
    verdict: below === undefined && above === undefined ? 'no bar' : isMet ? 'meets' : 'misses',
    ...(beside
      ? { beside: { what: beside.what, value: round(beside.value), ratio: round(told.value / beside.value) } }
      : {}),
    ...(note ? { note } : {}),
  };
}

function barOf({ below, above }: Told): Pick<Figure, 'bar'> {
  if (below !== undefined) return { bar: { below } };
  return above === undefined ? {} : { bar: { above } };
}

export function unavailable(told: Told): Figure {
  const { name, unit, note } = told;
  return {
    name,
    unit,
    value: null,
    ...barOf(told),
    verdict: 'UNAVAILABLE',
    ...(note ? { note } : {}),
  };
}

/** The value that the given share of the samples does not exceed. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export const median = (samples: readonly number[]): number => percentile(samples, 0.5);

const round = (value: number): number => Number(value.toPrecision(3));

export interface Machine {
  processor: string;
  cores: number;
  memoryMb: number;
  node: string;
  /** One minute's load average: above the number of cores, times say more about the neighbours than about us. */
  load: { atStart: number; atEnd: number };
}

export function machineFacts(atStart: number): Machine {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryMb: Math.round(totalmem() / 2 ** 20),
    node: process.version,
    load: { atStart: Number(atStart.toFixed(1)), atEnd: Number(loadavg()[0]!.toFixed(1)) },
  };
}

/** Lines for people. */
export function table(figures: readonly Figure[]): string {
  const width = Math.max(...figures.map(({ name }) => name.length));
  return figures
    .map(({ name, unit, value, bar, verdict, beside, note }) => {
      const parts = [name.padEnd(width), value === null ? '-' : `${value} ${unit}`];
      if (bar) parts.push('below' in bar ? `(bar < ${bar.below})` : `(bar >= ${bar.above})`);
      parts.push(verdict);
      if (beside) parts.push(`| ${beside.what}: ${beside.value} ${unit}, ratio ${beside.ratio}`);
      if (note) parts.push(`| ${note}`);
      return parts.join('  ');
    })
    .join('\n');
}
