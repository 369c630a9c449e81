/** JSON Schema as much of it as our contracts use. */
export interface Schema {
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  patternProperties?: Record<string, Schema>;
  required?: string[];
  description?: string;
  pattern?: string;
  format?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
}

/** A schema in a few words, for a table cell: `string, 1-200 characters`, `one of "a", "b"`, `list of {name, root}`. */
export function schemaText(schema: Schema, depth = 0): string {
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum) return `one of ${schema.enum.map((value) => `\`${JSON.stringify(value)}\``).join(', ')}`;
  if (schema.anyOf) {
    const literal = schema.anyOf.every((choice) => choice.const !== undefined);
    return `${literal ? 'one of ' : ''}${schema.anyOf.map((choice) => schemaText(choice, depth + 1)).join(literal ? ', ' : ' or ')}`;
  }
  if (schema.items)
    return `list${bounds(schema.minItems, schema.maxItems, ' items')} of ${schemaText(schema.items, depth + 1)}`;
  if (schema.properties) return depth > 2 ? 'object' : `{${membersText(schema, depth)}}`;
  if (schema.patternProperties) return 'object';
  const kind = Array.isArray(schema.type) ? schema.type.join(' or ') : (schema.type ?? 'anything');
  if (kind === 'string') return `string${bounds(schema.minLength, schema.maxLength, ' characters')}`;
  return `${kind}${bounds(schema.minimum, schema.maximum, '')}`;
}

function membersText(schema: Schema, depth: number): string {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {})
    .map(([name, member]) => `${name}${required.has(name) ? '' : '?'}: ${schemaText(member, depth + 1)}`)
    .join(', ');
}

function bounds(least: number | undefined, most: number | undefined, unit: string): string {
  const number = (value: number) => value.toLocaleString('en');
  if (least !== undefined && most !== undefined) return `, ${number(least)}-${number(most)}${unit}`;
  if (most !== undefined) return `, at most ${number(most)}${unit}`;
  return least === undefined ? '' : `, at least ${number(least)}${unit}`;
}

/** Fit for one cell of a Markdown table. */
export const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ').replaceAll('<', '&lt;');
