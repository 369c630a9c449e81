import { describe, expect, it } from 'vitest';
import { MetricRegistry } from '../../../src/telemetry/index.ts';

describe('metrics', () => {
  it('render in the text format', () => {
    const registry = new MetricRegistry();
    const calls = registry.counter('jingu_calls_total', 'Calls by operation', ['operation', 'outcome']);
    calls.add({ operation: 'doc.edit', outcome: 'ok' });
    calls.add({ operation: 'doc.edit', outcome: 'ok' }, 2);
    calls.add({ operation: 'a"b\\c\nd', outcome: 'ok' });
    registry.gauge('jingu_sockets', 'Open sockets', [], () => 7);
    const time = registry.histogram('jingu_call_seconds', 'Time of a call', [0.1, 1], ['surface']);
    for (const value of [0.05, 0.1, 0.5, 3]) time.observe({ surface: 'ws' }, value);
    expect(registry.render()).toBe(`# HELP jingu_calls_total Calls by operation
# TYPE jingu_calls_total counter
jingu_calls_total{operation="doc.edit",outcome="ok"} 3
jingu_calls_total{operation="a\\"b\\\\c\\nd",outcome="ok"} 1
# HELP jingu_sockets Open sockets
# TYPE jingu_sockets gauge
jingu_sockets 7
# HELP jingu_call_seconds Time of a call
# TYPE jingu_call_seconds histogram
jingu_call_seconds_bucket{surface="ws",le="0.1"} 2
jingu_call_seconds_bucket{surface="ws",le="1"} 3
jingu_call_seconds_bucket{surface="ws",le="+Inf"} 4
jingu_call_seconds_sum{surface="ws"} 3.65
jingu_call_seconds_count{surface="ws"} 4
`);
  });

  it('keep a bounded number of series whatever the labels are', () => {
    const registry = new MetricRegistry();
    const calls = registry.counter('jingu_x_total', 'x', ['who']);
    for (let i = 0; i < 1_000; i++) calls.add({ who: `user ${i}` });
    const lines = registry.render().trim().split('\n').slice(2);
    expect(lines).toHaveLength(501);
    expect(lines.at(-1)).toBe('jingu_x_total{who="other"} 500');
  });

  it('refuse a bad name, a second one of the same name, and a counter that shrinks', () => {
    const registry = new MetricRegistry();
    const counter = registry.counter('jingu_a_total', 'a');
    expect(() => registry.counter('jingu_a_total', 'a')).toThrow(/exists/);
    expect(() => registry.gauge('other_name', 'a')).toThrow(TypeError);
    expect(() => registry.histogram('jingu_h', 'a', [1], ['le'])).toThrow(TypeError);
    expect(() => counter.add({}, -1)).toThrow(RangeError);
  });
});
