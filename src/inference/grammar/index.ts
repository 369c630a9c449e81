export { choicesGrammar, oneOf } from './choices.ts';
export { schemaGrammar } from './json-schema.ts';
export { type Grammar, toGbnf } from './node.ts';
