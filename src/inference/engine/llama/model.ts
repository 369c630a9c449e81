import {
  type ChatHistoryItem,
  type ChatWrapper,
  getLlama,
  InsufficientMemoryError,
  type Llama,
  LlamaLogLevel,
  type LlamaModel,
  LlamaText,
  resolveChatWrapper,
  type Token,
} from 'node-llama-cpp';
import { fail } from '../../../common/index.ts';
import { type Dialect, dialectOf } from '../dialect.ts';
import type { ChatMessage, LoadParams, LoadResult, PromptParams } from '../messages.ts';
import { LlamaStepper } from './stepper.ts';

/** One loaded GGUF file: tokenizer, template and stepper. Everything here runs in the engine guest only. */
export class LoadedModel {
  readonly stepper: LlamaStepper;
  readonly facts: LoadResult;
  readonly #llama: Llama;
  readonly #model: LlamaModel;
  readonly #dialect: Dialect | undefined;
  #wrapper: ChatWrapper | undefined;

  constructor(llama: Llama, model: LlamaModel, stepper: LlamaStepper, dialect: Dialect | undefined, facts: LoadResult) {
    this.#llama = llama;
    this.#model = model;
    this.stepper = stepper;
    this.#dialect = dialect;
    this.facts = facts;
  }

  tokenize(prompt: PromptParams): number[] {
    if ('text' in prompt) return this.#model.tokenize(prompt.text, false);
    const tokens: number[] = [];
    const { bos, shouldPrependBosToken } = this.#model.tokens;
    if (!this.#dialect) tokens.push(...this.#byTemplate(prompt.messages));
    else {
      for (const piece of this.#dialect.render(prompt.messages, prompt.tools ?? [])) {
        for (const token of 'markup' in piece
          ? this.#model.tokenize(piece.markup, true)
          : this.#model.tokenize(piece.text, false)) {
          tokens.push(token);
        }
      }
    }
    if (shouldPrependBosToken && bos !== null && tokens[0] !== bos) tokens.unshift(bos);
    return tokens;
  }

  /** Special tokens are read in it: only the box itself writes openings. */
  opening(text: string): number[] {
    return this.#model.tokenize(text, true);
  }

  detokenize = (tokens: readonly number[], before: readonly number[]): string =>
    this.#model.detokenize(tokens as readonly Token[], false, before as readonly Token[]);

  async dispose(): Promise<void> {
    await this.stepper.dispose();
    await this.#model.dispose();
    await this.#llama.dispose();
  }

  /** The file's own template. It knows no tools of ours: calls and results travel as plain text. */
  #byTemplate(messages: readonly ChatMessage[]): Token[] {
    this.#wrapper ??= resolveChatWrapper(this.#model);
    const history: ChatHistoryItem[] = messages.map(({ role, content, calls = [] }) =>
      role === 'system'
        ? { type: 'system', text: content }
        : role === 'assistant'
          ? { type: 'model', response: [[content, ...calls.map((call) => JSON.stringify(call))].join('\n')] }
          : { type: 'user', text: content },
    );
    history.push({ type: 'model', response: [] });
    const { contextText } = this.#wrapper.generateContextState({ chatHistory: history });
    return LlamaText(contextText).tokenize(this.#model.tokenizer);
  }
}

/**
 * Loads a verified file. Never builds, never downloads. The weights are read, not mapped: a file that is changed under
 * a running engine then changes nothing. Throws MODEL_LOAD_FAILED.
 */
export async function loadModel(params: LoadParams, signal: AbortSignal): Promise<LoadedModel> {
  const started = performance.now();
  try {
    const llama = await getLlama({
      gpu: false,
      build: 'never',
      skipDownload: true,
      maxThreads: params.threads,
      progressLogs: false,
      logLevel: LlamaLogLevel.error,
      // What llama.cpp prints can quote the file; it goes to the guest's stderr and nowhere near an answer.
      logger: (level, message) => process.stderr.write(`llama ${level}: ${message.trimEnd()}\n`),
    });
    const model = await llama.loadModel({ modelPath: params.file, useMmap: false, loadSignal: signal });
    const context = await model.createContext({
      contextSize: params.contextTokens,
      sequences: params.sequences,
      batchSize: 512,
      threads: params.threads,
      createSignal: signal,
    });
    const stepper = new LlamaStepper(context);
    return new LoadedModel(llama, model, stepper, dialectOf(params.dialect), {
      contextTokens: stepper.contextTokens,
      sequences: stepper.sequences,
      threads: params.threads,
      loadMs: performance.now() - started,
      vocabulary: model.fileInfo.metadata.tokenizer?.ggml?.tokens?.length ?? 0,
      architecture: String(model.fileInfo.metadata.general?.architecture ?? 'unknown'),
    });
  } catch (cause) {
    if (signal.aborted) throw fail('CANCELLED', {}, cause);
    const reason =
      cause instanceof InsufficientMemoryError
        ? 'not enough memory'
        : cause instanceof Error
          ? cause.message
          : String(cause);
    throw fail('MODEL_LOAD_FAILED', { model: 'this model', reason: reason.slice(0, 300) }, cause);
  }
}
