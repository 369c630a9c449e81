/**
 * Writes a small model file with random weights from a fixed seed: real GGUF, real tokenizer, no meaning. Tests of the
 * engine load it, so they need no download. Use: node scripts/synth-gguf.ts <file>
 */
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

export interface Shape {
  name: string;
  layers: number;
  width: number;
  heads: number;
  kvHeads: number;
  feedForward: number;
  contextTokens: number;
  seed: number;
}

export const TINY: Shape = {
  name: 'tiny',
  layers: 2,
  width: 128,
  heads: 4,
  kvHeads: 2,
  feedForward: 384,
  contextTokens: 4096,
  seed: 20_260_101,
};

/** The whole file. The same shape always gives the same bytes. */
export function synthGguf(shape: Shape): Buffer {
  const vocabulary = tokens();
  const tensors = tensorsOf(shape, vocabulary.texts.length);
  const file = new Writer();
  // GGUF version 3: magic, version, counts, then metadata, tensor infos, padding, data.
  file.raw(Buffer.from('GGUF')).u32(3).u64(tensors.length);
  const metadata = metadataOf(shape, vocabulary);
  file.u64(metadata.length);
  for (const [key, write] of metadata) write(file.text(key));
  let offset = 0;
  for (const { name, dims } of tensors) {
    file.text(name).u32(dims.length);
    for (const dim of dims) file.u64(dim);
    file.u32(F32).u64(offset);
    offset += aligned(4 * size(dims));
  }
  file.pad(ALIGNMENT);
  const random = normals(shape.seed);
  for (const { name, dims } of tensors) {
    const values = new Float32Array(size(dims));
    const isNorm = name.includes('norm');
    // Wide enough that the answer depends on the prompt, narrow enough that nothing overflows.
    for (let i = 0; i < values.length; i++) values[i] = isNorm ? 1 : random() / Math.sqrt(dims[0]!);
    file.raw(Buffer.from(values.buffer)).pad(ALIGNMENT);
  }
  return file.done();
}

const ALIGNMENT = 32;
const F32 = 0;
const TYPE = { u32: 4, f32: 6, bool: 7, text: 8, list: 9, i32: 5 } as const;

interface Tensor {
  name: string;
  dims: number[];
}

function tensorsOf(shape: Shape, words: number): Tensor[] {
  const { width, kvHeads, heads, feedForward, layers } = shape;
  const kvWidth = (width / heads) * kvHeads;
  const out: Tensor[] = [{ name: 'token_embd.weight', dims: [width, words] }];
  for (let i = 0; i < layers; i++) {
    const add = (name: string, ...dims: number[]) => out.push({ name: `blk.${i}.${name}.weight`, dims });
    add('attn_norm', width);
    add('attn_q', width, width);
    add('attn_k', width, kvWidth);
    add('attn_v', width, kvWidth);
    add('attn_output', width, width);
    add('ffn_norm', width);
    add('ffn_gate', width, feedForward);
    add('ffn_up', width, feedForward);
    add('ffn_down', feedForward, width);
  }
  out.push({ name: 'output_norm.weight', dims: [width] }, { name: 'output.weight', dims: [width, words] });
  return out;
}

interface Vocabulary {
  texts: string[];
  types: number[];
  merges: string[];
  end: number;
}

/** Every byte as GPT-2 spells it, a few merges, and the marks of ChatML. */
function tokens(): Vocabulary {
  const byte = byteSpelling();
  const texts = [...byte];
  const types = texts.map(() => NORMAL);
  const merges: string[] = [];
  for (const [a, b] of ['th', 'in', 'er', 'an', 'on', '": ', ', '].map((pair) => [pair.slice(0, -1), pair.slice(-1)])) {
    const [left, right] = [spell(byte, a!), spell(byte, b!)];
    if ([...left].length > 1) continue;
    merges.push(`${left} ${right}`);
    texts.push(left + right);
    types.push(NORMAL);
  }
  for (const mark of ['<|im_start|>', '<|im_end|>']) {
    texts.push(mark);
    types.push(CONTROL);
  }
  return { texts, types, merges, end: texts.length - 1 };
}

const NORMAL = 1;
const CONTROL = 3;

/** GPT-2's table from bytes to printable characters (`bytes_to_unicode`). */
function byteSpelling(): string[] {
  const out: string[] = [];
  let next = 256;
  for (let b = 0; b < 256; b++) {
    const printable = (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
    out.push(String.fromCodePoint(printable ? b : next++));
  }
  return out;
}

function spell(table: readonly string[], text: string): string {
  return [...Buffer.from(text)].map((b) => table[b]).join('');
}

function metadataOf(shape: Shape, { texts, types, merges, end }: Vocabulary): [string, (file: Writer) => void][] {
  const u32 = (value: number) => (file: Writer) => void file.u32(TYPE.u32).u32(value);
  const text = (value: string) => (file: Writer) => void file.u32(TYPE.text).text(value);
  const list = (type: number, length: number, each: (file: Writer, i: number) => void) => (file: Writer) => {
    file.u32(TYPE.list).u32(type).u64(length);
    for (let i = 0; i < length; i++) each(file, i);
  };
  return [
    ['general.architecture', text('llama')],
    ['general.name', text(shape.name)],
    ['general.file_type', u32(0)],
    ['llama.context_length', u32(shape.contextTokens)],
    ['llama.embedding_length', u32(shape.width)],
    ['llama.block_count', u32(shape.layers)],
    ['llama.feed_forward_length', u32(shape.feedForward)],
    ['llama.attention.head_count', u32(shape.heads)],
    ['llama.attention.head_count_kv', u32(shape.kvHeads)],
    ['llama.rope.dimension_count', u32(shape.width / shape.heads)],
    ['llama.vocab_size', u32(texts.length)],
    ['llama.attention.layer_norm_rms_epsilon', (file) => void file.u32(TYPE.f32).f32(1e-5)],
    ['tokenizer.ggml.model', text('gpt2')],
    ['tokenizer.ggml.pre', text('qwen2')],
    ['tokenizer.ggml.tokens', list(TYPE.text, texts.length, (file, i) => void file.text(texts[i]!))],
    ['tokenizer.ggml.token_type', list(TYPE.i32, types.length, (file, i) => void file.u32(types[i]!))],
    ['tokenizer.ggml.merges', list(TYPE.text, merges.length, (file, i) => void file.text(merges[i]!))],
    ['tokenizer.ggml.eos_token_id', u32(end)],
    ['tokenizer.ggml.add_bos_token', (file) => void file.u32(TYPE.bool).raw(Buffer.from([0]))],
  ];
}

/** xorshift32 and Box-Muller: repeatable on every machine. */
function normals(seed: number): () => number {
  let state = seed >>> 0 || 1;
  const uniform = () => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return (state + 0.5) / 4_294_967_296;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

class Writer {
  readonly #parts: Buffer[] = [];
  #length = 0;

  raw(bytes: Buffer): this {
    this.#parts.push(bytes);
    this.#length += bytes.length;
    return this;
  }

  u32(value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return this.raw(bytes);
  }

  u64(value: number): this {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(value));
    return this.raw(bytes);
  }

  f32(value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeFloatLE(value);
    return this.raw(bytes);
  }

  text(value: string): this {
    const bytes = Buffer.from(value);
    return this.u64(bytes.length).raw(bytes);
  }

  pad(to: number): this {
    return this.raw(Buffer.alloc((to - (this.#length % to)) % to));
  }

  done(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

function size(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [, , file] = process.argv;
  if (file === undefined) {
    console.error('use: node scripts/synth-gguf.ts <file>');
    process.exit(64);
  }
  writeFileSync(file, synthGguf(TINY));
}
