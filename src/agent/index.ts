export { Agent, type AgentOptions } from './agent.ts';
export type { BrainInput, Think, Thought } from './brain.ts';
export { agentMigrations } from './migrations.ts';
export { type AgentRoom, agentOperations } from './operations.ts';
export type { Question, QuestionOutcome, Questions } from './ports.ts';
export { think } from './think.ts';
