import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Node, Parser as ParserType, Tree } from '@vscode/tree-sitter-wasm';
import { fail } from '../../../common/index.ts';

/** Longer sources are read line by line only. */
export const MAX_CODE = 4 * 1024 * 1024;
const PARSE_MS = 10_000;

const require = createRequire(import.meta.url);
const parsers = new Map<string, Promise<ParserType>>();
let runtime: Promise<typeof import('@vscode/tree-sitter-wasm')> | undefined;

async function startRuntime(): Promise<typeof import('@vscode/tree-sitter-wasm')> {
  const treeSitter = require('@vscode/tree-sitter-wasm') as typeof import('@vscode/tree-sitter-wasm');
  const folder = folderOf();
  await treeSitter.Parser.init({ locateFile: (name: string) => join(folder, name) });
  return treeSitter;
}

function folderOf(): string {
  return dirname(require.resolve('@vscode/tree-sitter-wasm'));
}

async function loadParser(language: string): Promise<ParserType> {
  runtime ??= startRuntime();
  const { Parser, Language } = await runtime;
  const grammar = await Language.load(readFileSync(join(folderOf(), `tree-sitter-${language}.wasm`)));
  const parser = new Parser();
  parser.setLanguage(grammar);
  return parser;
}

/**
 * Gives `use` the syntax tree of a source, whose positions are bytes. Throws DOC_PARSE_REFUSED for what is too long or
 * takes too much time; grammars of programming languages are never quite linear.
 */
export async function withTree<T>(language: string, bytes: Buffer, use: (root: Node, text: string) => T): Promise<T> {
  if (bytes.length > MAX_CODE)
    throw fail('DOC_PARSE_REFUSED', { reason: 'it is too long for symbols', limit: MAX_CODE });
  const loading = parsers.get(language) ?? loadParser(language);
  parsers.set(language, loading);
  const parser = await loading;
  const text = oneCharacterPerByte(bytes);
  const until = Date.now() + PARSE_MS;
  let tree: Tree | null = null;
  try {
    tree = parser.parse((at) => text.slice(at, at + 32_768), null, { progressCallback: () => Date.now() > until });
    if (!tree) {
      parser.reset();
      throw fail('DOC_PARSE_REFUSED', { reason: 'reading it takes too long', limit: PARSE_MS });
    }
    return use(tree.rootNode, text);
  } finally {
    tree?.delete();
  }
}

/** Bytes over 127 become letters (U+0180 to U+01FF), which stand wherever a grammar lets other letters stand. */
function oneCharacterPerByte(bytes: Buffer): string {
  const text = bytes.toString('latin1');
  return /[\u0080-\u00ff]/.test(text)
    ? text.replaceAll(/[\u0080-\u00ff]/g, (c) => String.fromCharCode(c.charCodeAt(0) + 0x100))
    : text;
}

export function utf8Of(text: string): string {
  return Buffer.from(
    text.replaceAll(/[\u0180-\u01ff]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 0x100)),
    'latin1',
  ).toString('utf8');
}
