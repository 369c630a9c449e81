import { oneOf } from './choices.ts';
import { JSON_RULES, STRING_FORMATS, stringOf } from './json-rules.ts';
import { dumps, joined, memberList } from './json-text.ts';
import { choice, type Grammar, type Node, optional, repeat, rule, sequence, text } from './node.ts';
import {
  asSchema,
  atLeast,
  escapePointer,
  isSchema,
  lengthOf,
  merge,
  requireCheapPattern,
  resolveReference,
  type Schema,
  unsupported,
} from './schema-parts.ts';

const MAX_DEPTH = 12;
const MAX_PROPERTIES = 100;
const MAX_ENUM = 4096;
/** llama.cpp refuses repetitions over 2,000; longer bounds are left to the check after the answer. */
const MAX_REPEAT = 1000;

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

  node(value: unknown, pointer: string, depth: number): Node {
    if (depth > MAX_DEPTH) throw unsupported(pointer, `deeper than ${MAX_DEPTH} levels`);
    if (value === true) return this.#json('value');
    const schema = asSchema(value, pointer);
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
    const min = lengthOf(schema['minLength'], `${pointer}/minLength`) ?? 0;
    const max = lengthOf(schema['maxLength'], `${pointer}/maxLength`);
    if (min === 0 && (max === undefined || max > MAX_REPEAT)) return this.#json('string');
    this.#json('string');
    return stringOf(Math.min(min, MAX_REPEAT), max !== undefined && max <= MAX_REPEAT ? max : undefined);
  }

  #array(schema: Schema, pointer: string, depth: number): Node {
    const min = lengthOf(schema['minItems'], `${pointer}/minItems`) ?? 0;
    const max = lengthOf(schema['maxItems'], `${pointer}/maxItems`);
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
      const whole = '$ref' in part ? resolveReference(this.#root, part['$ref'], `${pointer}/allOf/${i}/$ref`) : part;
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
      const target = resolveReference(this.#root, ref, `${pointer}/$ref`);
      name = `ref-${this.#refs.size}`;
      this.#refs.set(key, name);
      this.rules.set(name, this.node(target, key.slice(1), depth + 1));
    }
    return rule(name);
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
