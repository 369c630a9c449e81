import type { DialectId } from './engine/messages.ts';

export interface ModelSource {
  hub: 'huggingface' | 'modelscope';
  repository: string;
  revision: string;
  file: string;
}

/** A model this release knows. No digest, no entry: only bytes with this digest are ever loaded under this name. */
export interface CatalogueEntry {
  id: string;
  name: string;
  /** File name it has at its sources and gets on the box. */
  file: string;
  bytes: number;
  sha256: string;
  licence: string;
  dialect: DialectId;
  /** Tokens the model was trained to hold. */
  trainedTokens: number;
  /** What the box gives one sequence, and how many sequences, by default. */
  contextTokens: number;
  sequences: number;
  kvBytesPerToken: number;
  sources: readonly ModelSource[];
}

export const STARTER_MODEL = 'qwen2.5-coder-1.5b';

export const CATALOGUE: readonly CatalogueEntry[] = [
  {
    id: STARTER_MODEL,
    name: 'Qwen2.5-Coder-1.5B-Instruct, Q4_K_M',
    file: 'qwen2.5-coder-1.5b-instruct-q4_k_m.gguf',
    bytes: 1_117_320_768,
    sha256: 'cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046',
    licence: 'Apache-2.0',
    dialect: 'qwen2.5',
    trainedTokens: 32_768,
    contextTokens: 8192,
    sequences: 3,
    kvBytesPerToken: 28_672,
    sources: [
      {
        hub: 'huggingface',
        repository: 'Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF',
        revision: 'f86cb2c1fa58255f8052cc32aeede1b7482d4361',
        file: 'qwen2.5-coder-1.5b-instruct-q4_k_m.gguf',
      },
      {
        hub: 'modelscope',
        repository: 'Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF',
        revision: 'master',
        file: 'qwen2.5-coder-1.5b-instruct-q4_k_m.gguf',
      },
    ],
  },
];

export function sourceUrl({ hub, repository, revision, file }: ModelSource): string {
  return hub === 'huggingface'
    ? `https://huggingface.co/${repository}/resolve/${revision}/${file}`
    : `https://www.modelscope.cn/models/${repository}/resolve/${revision}/${file}`;
}
