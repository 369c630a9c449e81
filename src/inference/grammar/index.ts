export { choicesGrammar, oneOf } from './choices.ts';
export { schemaGrammar } from './json-schema.ts';
export { type Grammar, sequence, text, toGbnf } from './node.ts';
