import { fail } from '../common/index.ts';

/** What the box goes out for. Closed: a class that is not here has no way out. */
export const EGRESS_CLASSES = ['model-pull'] as const;
export type EgressClass = (typeof EGRESS_CLASSES)[number];

export interface EgressRule {
  class: EgressClass;
  /** An exact name, or `*.example.org` for every name below it (not itself). */
  hosts: readonly string[];
  ports: readonly number[];
  methods: readonly ('GET' | 'HEAD')[];
}

/**
 * Hugging Face and ModelScope with the hosts that their downloads are delivered from (both redirect there).
 * huggingface.co/docs/hub and the redirects seen in 2026 name these.
 */
export const EGRESS_RULES: readonly EgressRule[] = [
  {
    class: 'model-pull',
    hosts: [
      'huggingface.co',
      '*.huggingface.co',
      '*.hf.co',
      'modelscope.cn',
      '*.modelscope.cn',
      'modelscope.ai',
      '*.modelscope.ai',
    ],
    ports: [443],
    methods: ['GET', 'HEAD'],
  },
];

/** Throws EGRESS_HOST_DENIED unless a rule of the class names host, port and method. */
export function assertAllowed(
  rules: readonly EgressRule[],
  wanted: { class: string; host: string; port: number; method: string },
): void {
  const isAllowed = rules.some(
    (rule) =>
      rule.class === wanted.class &&
      rule.ports.includes(wanted.port) &&
      (rule.methods as readonly string[]).includes(wanted.method) &&
      rule.hosts.some((pattern) => matches(pattern, wanted.host)),
  );
  if (!isAllowed) throw fail('EGRESS_HOST_DENIED', { host: wanted.host, class: wanted.class });
}

function matches(pattern: string, host: string): boolean {
  if (!pattern.startsWith('*.')) return pattern === host;
  return host.endsWith(pattern.slice(1)) && host.length > pattern.length - 1;
}
