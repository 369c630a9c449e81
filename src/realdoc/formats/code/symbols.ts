import type { Node } from '@vscode/tree-sitter-wasm';
import { utf8Of } from './grammar.ts';

/** Something that has a name in a source. Offsets are bytes. */
export interface CodeSymbol {
  /** Names of what it stands in, and its own. */
  path: string[];
  /** Beginning of the comments, decorators and attributes right above, or of the symbol itself. */
  from: number;
  /** Beginning without them. */
  core: number;
  to: number;
  /** One of several names of a declaration: it cannot be taken out by itself. */
  isPart?: boolean;
}

const words = (list: string): ReadonlySet<string> => new Set(list.split(/\s+/));

/** What holds other symbols. */
const SCOPES = words(`class_declaration abstract_class_declaration class_definition class module interface_declaration
  enum_declaration struct_declaration record_declaration trait_declaration trait_item impl_item mod_item
  namespace_declaration namespace_definition internal_module class_specifier struct_specifier union_specifier
  class_statement section annotation_type_declaration`);
/** What is looked at as a whole: inner functions are no places of their own. */
const LEAVES = words(`function_declaration generator_function_declaration function_signature method_definition
  method_signature abstract_method_signature public_field_definition field_definition type_alias_declaration
  function_definition method_declaration constructor_declaration function_item function_signature_item struct_item
  enum_item union_item const_item static_item type_item macro_definition type_spec type_alias const_spec var_spec
  property_declaration delegate_declaration method singleton_method rule_set keyframes_statement function_statement
  class_method_definition variable_declarator enum_specifier assignment field_declaration destructor_declaration`);
/** What surrounds a single symbol and goes with it. */
const WRAPPERS =
  words(`export_statement decorated_definition template_declaration lexical_declaration variable_declaration
  type_declaration const_declaration var_declaration expression_statement ambient_declaration`);
const TRIVIA = words('comment line_comment block_comment decorator attribute_item');
/** Names of types and fields that need a body or a place to be symbols. */
const NEED_BODY = words('class_specifier struct_specifier union_specifier enum_specifier class');
const TOP_ONLY = words('variable_declarator assignment');
const MAX_SYMBOLS = 50_000;

interface Frame {
  node: Node;
  path: string[];
  /** Beginning of the wrappers around, with their leading trivia. */
  outer: { from: number; core: number; to: number } | undefined;
  isTop: boolean;
  /** Comments that stand right before the node: some grammars keep those of the first symbol out of the body. */
  lead: Node[];
}

/** The symbols of a source in order. Walks with a stack of its own: sources nest as deep as an attacker likes. */
export function symbolsIn(root: Node): CodeSymbol[] {
  const out: CodeSymbol[] = [];
  const stack: Frame[] = [{ node: root, path: [], outer: undefined, isTop: true, lead: [] }];
  for (let frame = stack.pop(); frame && out.length < MAX_SYMBOLS; frame = stack.pop()) {
    const { path, isTop } = frame;
    const kids = frame.node.children.filter((kid) => kid !== null);
    const inner: Frame[] = [];
    for (const [i, kid] of kids.entries()) {
      if (!kid.isNamed || TRIVIA.has(kid.type)) continue;
      const siblings = i === 0 ? [...frame.lead, kid] : kids;
      const span = frame.outer ?? spanOf(kid, siblings, i === 0 ? frame.lead.length : i);
      const name = nameOf(kid, isTop);
      const isPart = kid.type === 'variable_declarator' && !frame.outer;
      if (name !== undefined) {
        out.push({ path: [...path, ...(titleOf(kid) ?? name)], ...span, ...(isPart ? { isPart } : {}) });
      }
      if (name !== undefined && !SCOPES.has(kid.type)) continue;
      const isWrapper = WRAPPERS.has(kid.type) && namedSymbols(kid) === 1;
      inner.push({
        node: kid,
        path: name === undefined ? path : [...path, ...name],
        outer: isWrapper ? span : undefined,
        lead: BODIES.has(kid.type) ? kids.slice(Math.max(0, i - 8), i).filter((node) => TRIVIA.has(node.type)) : [],
        isTop:
          isTop &&
          (isWrapper || WRAPPERS.has(kid.type) || BODIES.has(kid.type) || (name !== undefined && SCOPES.has(kid.type))),
      });
    }
    for (const next of inner.reverse()) if (next.node.namedChildCount > 0) stack.push(next);
  }
  return out.sort((a, b) => a.core - b.core || b.to - a.to);
}

const BODIES = words('statement_block declaration_list block body_statement compound_statement program class_body');

function namedSymbols(node: Node): number {
  return node.namedChildren.filter(
    (kid) => kid && !TRIVIA.has(kid.type) && (LEAVES.has(kid.type) || SCOPES.has(kid.type) || WRAPPERS.has(kid.type)),
  ).length;
}

/** A node with the comments, decorators and attributes that stand right above it, no blank line between. */
function spanOf(node: Node, siblings: readonly Node[], index: number): { from: number; core: number; to: number } {
  // Decorators may be children of what they decorate.
  const core = node.children.find((kid) => kid && !TRIVIA.has(kid.type)) ?? node;
  let row = node.startPosition.row;
  let from = node.startIndex;
  for (let i = index - 1; i >= 0; i--) {
    const above = siblings[i]!;
    const { row: endRow, column } = above.endPosition;
    const last = column === 0 && endRow > above.startPosition.row ? endRow - 1 : endRow;
    if (!TRIVIA.has(above.type) || last < row - 1) break;
    // What stands behind something on its line speaks of that.
    const before = siblings[i - 1];
    if (before && before.endPosition.column > 0 && before.endPosition.row === above.startPosition.row) break;
    if (above.startIndex === 0 && above.text.startsWith('#!')) break;
    from = above.startIndex;
    row = above.startPosition.row;
  }
  return { from, core: WRAPPERS.has(node.type) ? coreOf(node) : core.startIndex, to: node.endIndex };
}

function coreOf(node: Node): number {
  return (node.children.find((kid) => kid && !TRIVIA.has(kid.type)) ?? node).startIndex;
}

/** The name of a symbol as the segments of an address, or nothing if the node is none. */
function nameOf(node: Node, isTop: boolean): string[] | undefined {
  const { type } = node;
  if (!SCOPES.has(type) && !LEAVES.has(type)) return undefined;
  if (TOP_ONLY.has(type) && !isTop) return undefined;
  if (NEED_BODY.has(type) && !node.childForFieldName('body') && type !== 'class') return undefined;
  if (type === 'rule_set') return one(node.namedChildren.find((kid) => kid?.type === 'selectors'));
  if (type === 'section') return one(node.namedChildren.find((kid) => kid?.type === 'section_name')?.namedChildren[0]);
  if (type === 'impl_item') return one(bare(node.childForFieldName('type')));
  if (type === 'method_declaration') {
    const receiver = node.childForFieldName('receiver');
    const own = one(node.childForFieldName('name'));
    const typeName = receiver ? firstOf(receiver, 'type_identifier') : undefined;
    return own && typeName ? [utf8Of(typeName.text), ...own] : own;
  }
  if (type === 'assignment') {
    const left = node.childForFieldName('left');
    return left?.type === 'identifier' ? one(left) : undefined;
  }
  const name = node.childForFieldName('name');
  if (name) return one(name);
  const declarator = node.childForFieldName('declarator');
  if (declarator) {
    if (
      type === 'field_declaration' &&
      declarator.type !== 'function_declarator' &&
      declarator.type !== 'variable_declarator'
    )
      return undefined;
    return declaredName(declarator);
  }
  if (
    type === 'keyframes_statement' ||
    type === 'function_statement' ||
    type === 'class_statement' ||
    type === 'class_method_definition'
  ) {
    return one(node.namedChildren.find((kid) => kid && /name/.test(kid.type)));
  }
  return undefined;
}

/** What is called otherwise than the things in it: several `impl Box` hold methods of `Box`. */
function titleOf(node: Node): string[] | undefined {
  if (node.type !== 'impl_item') return undefined;
  const body = node.childForFieldName('body');
  const head = node.text.slice(0, body ? body.startIndex - node.startIndex : 200);
  return [utf8Of(head).replaceAll(/\s+/g, ' ').trim().slice(0, 200)];
}

/** C and C++: the name lies below pointers and parameter lists; `Box::start` is `start` of `Box`. */
function declaredName(declarator: Node): string[] | undefined {
  let node: Node | null = declarator;
  for (let depth = 0; node && depth < 50; depth++) {
    if (
      /^(?:qualified_identifier|identifier|field_identifier|destructor_name|operator_name|type_identifier)$/.test(
        node.type,
      )
    ) {
      return utf8Of(node.text)
        .split('::')
        .map((part) => part.trim())
        .filter((part) => part !== '');
    }
    node = node.childForFieldName('declarator') ?? node.childForFieldName('name') ?? node.namedChildren[0] ?? null;
  }
  return undefined;
}

/** `Box` of `Box<T>`. */
function bare(node: Node | null | undefined): Node | null | undefined {
  return node?.childForFieldName('type') ?? node;
}

function firstOf(node: Node, type: string): Node | undefined {
  return node.descendantsOfType(type)[0] ?? undefined;
}

function one(node: Node | null | undefined): string[] | undefined {
  if (!node) return undefined;
  const text = utf8Of(node.text).replaceAll(/\s+/g, ' ').slice(0, 200);
  return text === '' ? undefined : [text];
}

/** The first thing that the grammar cannot place. */
export function firstError(root: Node): { line: number; reason: string } | undefined {
  let node: Node = root;
  if (!root.hasError) return undefined;
  while (true) {
    if (node.isError || node.isMissing) {
      const reason = node.isMissing ? `"${node.type}" is missing` : 'this does not fit the language';
      return { line: node.startPosition.row + 1, reason };
    }
    const next = node.children.find((kid) => kid && (kid.hasError || kid.isMissing || kid.isError));
    if (!next) return { line: node.startPosition.row + 1, reason: 'this does not fit the language' };
    node = next;
  }
}
