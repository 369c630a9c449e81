import { fail } from '../../common/index.ts';
import { oneOf } from './choices.ts';
import { JSON_RULES, STRING_FORMATS, stringOf } from './json-rules.ts';
import { choice, type Grammar, type Node, optional, repeat, rule, sequence, text } from './node.ts';

type Schema = Record<string, unknown>;

const MAX_DEPTH = 12;
const MAX_PROPERTIES = 100;
const MAX_ENUM = 4096;
/** llama.cpp refuses repetitions over 2,000; longer bounds are left to the check after the answer. */
const MAX_REPEAT = 1000;

/** Keywords that change what is valid and that neither the grammar nor a merge can honour. */
const UNSUPPORTED = [
  'not',
  'if',
  'then',
  'else',
  'dependentSchemas',
  'dependentRequired',
  'patternProperties',
  'propertyNames',
  'unevaluatedProperties',
  'unevaluatedItems',
  'contains',
  '$dynamicRef',
];

/**
 * The grammar of JSON texts that fit a schema, written as Python's `json.dumps` writes them (`", "` and `": "`), the
 * form small models have seen most. Properties come in the order of the schema; optional ones may be left out; nothing
 * undeclared is written. Pattern, number ranges, uniqueItems and other formats are checked after the answer.
 * Throws SCHEMA_UNSUPPORTED with the JSON pointer.
 */
export function schemaGrammar(schema: unknown): Grammar {
  const compiler = new Compiler(schema);
  const root = compiler.node(schema, '', 0);
  return { root, rules: compiler.rules };
}

class Compiler {
  readonly rules = new Map<string, Node>();
  readonly #root: unknown;
  readonly #refs = new Map<string, string>();
  #properties = 0;
  #enums = 0;

  constructor(root: unknown) {
    this.#root = root;
  }

  node(schema: unknown, pointer: string, depth: number): Node {
    if (depth > MAX_DEPTH) throw unsupported(pointer, `deeper than ${MAX_DEPTH} levels`);
    if (schema === true) return this.#json('value');
    if (!isSchema(schema)) throw unsupported(pointer, 'this is not a schema');
    for (const keyword of UNSUPPORTED) {
      if (keyword in schema) throw unsupported(`${pointer}/${keyword}`, `"${keyword}" is not supported`);
    }
    if ('$ref' in schema) return this.#reference(schema['$ref'], pointer, depth);
    if ('const' in schema) return this.#literals([schema['const']], `${pointer}/const`);
    if ('enum' in schema) return this.#literals(schema['enum'], `${pointer}/enum`);
    if ('allOf' in schema) return this.node(this.#merged(schema, pointer), pointer, depth + 1);
    for (const keyword of ['anyOf', 'oneOf'] as const) {
      if (keyword in schema) return this.#alternatives(schema, keyword, pointer, depth);
    }
    return this.#typed(schema, pointer, depth);
  }

  #typed(schema: Schema, pointer: string, depth: number): Node {
    const type = schema['type'] ?? ('properties' in schema ? 'object' : 'items' in schema ? 'array' : undefined);
    if (Array.isArray(type)) {
      return choice(...type.map((one) => this.#typed({ ...schema, type: one }, pointer, depth)));
    }
    switch (type) {
      case undefined:
        return this.#json('value');
      case 'null':
        return text('null');
      case 'boolean':
        return choice(text('true'), text('false'));
      case 'integer':
        return this.#json(atLeast(schema, 0) ? 'natural' : 'integer');
      case 'number':
        return this.#json('number');
      case 'string':
        return this.#string(schema, pointer);
      case 'array':
        return this.#array(schema, pointer, depth);
      case 'object':
        return this.#object(schema, pointer, depth);
      default:
        throw unsupported(`${pointer}/type`, `type ${JSON.stringify(type)} is not known`);
    }
  }

  #string(schema: Schema, pointer: string): Node {
    if (schema['pattern'] !== undefined) requireCheapPattern(schema['pattern'], `${pointer}/pattern`);
    const format = schema['format'];
    if (typeof format === 'string' && Object.hasOwn(STRING_FORMATS, format)) return STRING_FORMATS[format]!;
    const min = length(schema['minLength'], `${pointer}/minLength`) ?? 0;
    const max = length(schema['maxLength'], `${pointer}/maxLength`);
    if (min === 0 && (max === undefined || max > MAX_REPEAT)) return this.#json('string');
    this.#json('string');
    return stringOf(Math.min(min, MAX_REPEAT), max !== undefined && max <= MAX_REPEAT ? max : undefined);
  }

  #array(schema: Schema, pointer: string, depth: number): Node {
    const min = length(schema['minItems'], `${pointer}/minItems`) ?? 0;
    const max = length(schema['maxItems'], `${pointer}/maxItems`);
    if (max !== undefined && max < min) throw unsupported(`${pointer}/maxItems`, 'it is below minItems');
    if (min > MAX_REPEAT) throw unsupported(`${pointer}/minItems`, `more than ${MAX_REPEAT} items`);
    const prefix = Array.isArray(schema['prefixItems']) ? (schema['prefixItems'] as unknown[]) : [];
    if (prefix.length > 0) {
      const fixed = prefix.map((item, i) => this.node(item, `${pointer}/prefixItems/${i}`, depth + 1));
      return sequence(text('['), ...joined(fixed), text(']'));
    }
    if (max === 0) return text('[]');
    const item = this.node(schema['items'] ?? true, `${pointer}/items`, depth + 1);
    const most = max === undefined || max > MAX_REPEAT ? undefined : max - 1;
    const some = sequence(item, repeat(sequence(text(', '), item), Math.max(0, min - 1), most));
    return sequence(text('['), min === 0 ? optional(some) : some, text(']'));
  }

  #object(schema: Schema, pointer: string, depth: number): Node {
    const properties = schema['properties'] ?? {};
    if (!isSchema(properties)) throw unsupported(`${pointer}/properties`, 'this is not an object');
    const names = Object.keys(properties);
    this.#properties += names.length;
    if (this.#properties > MAX_PROPERTIES) throw unsupported(pointer, `more than ${MAX_PROPERTIES} properties`);
    const required = new Set(Array.isArray(schema['required']) ? (schema['required'] as unknown[]) : []);
    for (const name of required) {
      if (typeof name !== 'string' || !Object.hasOwn(properties, name)) {
        throw unsupported(`${pointer}/required`, `"${String(name)}" is required but not declared`);
      }
    }
    if (names.length === 0) return this.#dictionary(schema['additionalProperties'], pointer, depth);
    const members = names.map((name) => ({
      needed: required.has(name),
      node: sequence(
        text(`${JSON.stringify(name)}: `),
        this.node(properties[name], `${pointer}/properties/${escapePointer(name)}`, depth + 1),
      ),
    }));
    return sequence(text('{'), memberList(members), text('}'));
  }

  /** An object whose names are not known: any string as a name. */
  #dictionary(values: unknown, pointer: string, depth: number): Node {
    if (values === false) return text('{}');
    const value =
      values === undefined ? this.#json('value') : this.node(values, `${pointer}/additionalProperties`, depth + 1);
    const member = sequence(this.#json('string'), text(': '), value);
    return sequence(text('{'), optional(sequence(member, repeat(sequence(text(', '), member), 0))), text('}'));
  }

  #alternatives(schema: Schema, keyword: 'anyOf' | 'oneOf', pointer: string, depth: number): Node {
    const options = schema[keyword];
    if (!Array.isArray(options) || options.length === 0) throw unsupported(`${pointer}/${keyword}`, 'it is empty');
    const { [keyword]: _, ...rest } = schema;
    const shared = 'properties' in rest || 'required' in rest ? rest : undefined;
    return choice(
      ...options.map((option: unknown, i) =>
        this.node(
          shared && isSchema(option) ? merge(shared, option, pointer) : option,
          `${pointer}/${keyword}/${i}`,
          depth + 1,
        ),
      ),
    );
  }

  #merged(schema: Schema, pointer: string): Schema {
    const { allOf, ...rest } = schema;
    if (!Array.isArray(allOf)) throw unsupported(`${pointer}/allOf`, 'it is not a list');
    return allOf.reduce<Schema>((sum, part: unknown, i) => {
      if (!isSchema(part)) throw unsupported(`${pointer}/allOf/${i}`, 'this is not a schema');
      const whole = '$ref' in part ? this.#resolve(part['$ref'], `${pointer}/allOf/${i}/$ref`) : part;
      return merge(sum, whole, `${pointer}/allOf/${i}`);
    }, rest);
  }

  #literals(values: unknown, pointer: string): Node {
    if (!Array.isArray(values) || values.length === 0) throw unsupported(pointer, 'it is empty');
    this.#enums += values.length;
    if (this.#enums > MAX_ENUM) throw unsupported(pointer, `more than ${MAX_ENUM} values`);
    try {
      return oneOf(values.map(dumps));
    } catch (cause) {
      throw unsupported(pointer, cause instanceof Error ? cause.message : String(cause));
    }
  }

  /** Each target becomes one rule, so that recursion ends here. */
  #reference(ref: unknown, pointer: string, depth: number): Node {
    const key = String(ref);
    let name = this.#refs.get(key);
    if (name === undefined) {
      const target = this.#resolve(ref, `${pointer}/$ref`);
      name = `ref-${this.#refs.size}`;
      this.#refs.set(key, name);
      this.rules.set(name, this.node(target, key.slice(1), depth + 1));
    }
    return rule(name);
  }

  #resolve(ref: unknown, pointer: string): Schema {
    if (typeof ref !== 'string' || !ref.startsWith('#'))
      throw unsupported(pointer, 'only references inside the schema');
    let at: unknown = this.#root;
    for (const step of ref.slice(1).split('/').slice(1)) {
      const name = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
      at = typeof at === 'object' && at !== null && Object.hasOwn(at, name) ? (at as Schema)[name] : undefined;
    }
    if (!isSchema(at)) throw unsupported(pointer, 'it points to nothing');
    return at;
  }

  #json(name: keyof typeof JSON_RULES): Node {
    this.#need(name);
    return rule(name);
  }

  #need(name: keyof typeof JSON_RULES): void {
    if (this.rules.has(name)) return;
    const { node, needs } = JSON_RULES[name];
    this.rules.set(name, node);
    for (const other of needs) this.#need(other as keyof typeof JSON_RULES);
  }
}

/** Members in order with commas between those that are there. Before the first one that is there, none is written. */
function memberList(members: readonly { needed: boolean; node: Node }[]): Node {
  // `after[i]`: members i.. when something stands before them; each then brings its own comma.
  const after: Node[] = [];
  let tail: Node = sequence();
  for (let i = members.length - 1; i >= 0; i--) {
    after[i] = tail;
    const { needed, node } = members[i]!;
    const here = sequence(text(', '), node);
    tail = sequence(needed ? here : optional(here), tail);
  }
  const starts: Node[] = [];
  for (let i = 0; i < members.length; i++) {
    starts.push(sequence(members[i]!.node, after[i]!));
    if (members[i]!.needed) break;
  }
  const all = starts.length === 1 ? starts[0]! : choice(...starts);
  return members.some(({ needed }) => needed) ? all : optional(all);
}

/** JSON as `json.dumps` writes it. */
function dumps(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(dumps).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value)
      .map(([name, member]) => `${JSON.stringify(name)}: ${dumps(member)}`)
      .join(', ')}}`;
  }
  return JSON.stringify(value);
}

function joined(parts: readonly Node[]): Node[] {
  return parts.flatMap((part, i) => (i === 0 ? [part] : [text(', '), part]));
}

function merge(a: Schema, b: Schema, pointer: string): Schema {
  const out: Schema = { ...a, ...b };
  for (const keyword of ['properties', '$defs', 'definitions']) {
    const both = [a[keyword], b[keyword]];
    if (both.every(isSchema)) out[keyword] = { ...(both[0] as Schema), ...(both[1] as Schema) };
  }
  if (Array.isArray(a['required']) && Array.isArray(b['required'])) {
    out['required'] = [...new Set([...(a['required'] as unknown[]), ...(b['required'] as unknown[])])];
  }
  if (a['type'] !== undefined && b['type'] !== undefined && a['type'] !== b['type']) {
    throw unsupported(pointer, 'these types exclude each other');
  }
  return out;
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function length(value: unknown, pointer: string): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0)
    throw unsupported(pointer, 'it is not a length');
  return value;
}

/**
 * Patterns run on the core's own loop after the answer. Those that can take exponential or high polynomial time on
 * chosen text (repeated groups, back-references, many open repetitions) are refused rather than trusted.
 */
function requireCheapPattern(pattern: unknown, pointer: string): void {
  if (typeof pattern !== 'string' || pattern.length > 256) throw unsupported(pointer, 'it is not a short text');
  const plain = pattern.replaceAll(/\\[^1-9k]|\[(?:[^\]\\]|\\.)*\]/g, 'x');
  const open = plain.match(/[*+]|\{\d+,\}/g)?.length ?? 0;
  if (/\)[*+{]/.test(plain) || /\\[1-9k]/.test(plain) || open > 2) {
    throw unsupported(pointer, 'this pattern could take too long to check');
  }
}

function atLeast(schema: Schema, bound: number): boolean {
  const { minimum, exclusiveMinimum } = schema as { minimum?: unknown; exclusiveMinimum?: unknown };
  return [minimum, exclusiveMinimum].some((value) => typeof value === 'number' && value >= bound);
}

function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

function unsupported(pointer: string, reason: string): Error {
  return fail('SCHEMA_UNSUPPORTED', { pointer: pointer || '/', reason });
}
