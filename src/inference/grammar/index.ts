export { Automaton } from './automaton.ts';
export { choicesGrammar } from './choices.ts';
export { checkGbnf } from './gbnf-check.ts';
export { schemaGrammar } from './json-schema.ts';
export { type Grammar, type Node, sequence, text, toGbnf } from './node.ts';
