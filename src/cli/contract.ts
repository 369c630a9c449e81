import type { Schema } from './input.ts';

/** An operation's contract as `operation.describe` gives it: the part that the command needs. */
export interface Contract {
  id: string;
  summary: { en: string; zh: string };
  effect: 'read' | 'write' | 'send' | 'exec' | 'admin';
  risk: string;
  input: Schema;
  positional?: string[];
  useWhen?: string[];
  examples: { note: string; input: Record<string, unknown> }[];
}
