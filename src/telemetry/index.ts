export { createLogger, type LogOptions } from './log.ts';
export { type Counter, type Gauge, type Histogram, MetricRegistry } from './metrics.ts';
