import type { TSchema } from 'typebox';

const HIDDEN = '<secret>';

interface Node {
  secret?: boolean;
  properties?: Record<string, Node>;
  items?: Node;
  anyOf?: Node[];
}

/**
 * `value` without the members whose schema says `secret: true`. Secrets are answered once and never stored:
 * neither in an audit record, nor as an idempotent outcome, nor on an approval card.
 */
export function withoutSecrets(schema: TSchema, value: unknown): unknown {
  return mayHide(schema) ? hide(schema as Node, value) : value;
}

/** Schemas are made once. Most hold no secret anywhere, and then there is nothing to copy. */
const hiding = new WeakMap<TSchema, boolean>();

function mayHide(schema: TSchema): boolean {
  let known = hiding.get(schema);
  if (known === undefined) {
    known = JSON.stringify(schema).includes('"secret":true');
    hiding.set(schema, known);
  }
  return known;
}

function hide(node: Node | undefined, value: unknown): unknown {
  if (!node) return value;
  if (node.secret) return HIDDEN;
  if (Array.isArray(value)) return value.map((item) => hide(node.items, item));
  if (typeof value === 'object' && value !== null && (node.properties || node.anyOf)) {
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => [name, hide(memberOf(node, name), member)]),
    );
  }
  return value;
}

function memberOf(node: Node, name: string): Node | undefined {
  return node.properties?.[name] ?? node.anyOf?.map((branch) => branch.properties?.[name]).find((n) => n !== undefined);
}
