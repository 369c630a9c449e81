export type { GrammarRequest } from './answer-check.ts';
export { CATALOGUE, type CatalogueEntry, type ModelSource, STARTER_MODEL, sourceUrl } from './catalogue.ts';
export type { ChatAnswer, ChatRequest } from './chat.ts';
export type { GeneratePart, Usage } from './engine/messages.ts';
export { type CompleteRequest, type Completion, Inference, type InferenceOptions } from './inference.ts';
export type { ModelRecord } from './model-record.ts';
export type { ModelState, ModelView } from './models.ts';
export {
  type AnswerHead,
  ChatChunks,
  chatCompletion,
  modelList,
  type OpenAiChat,
  openAiError,
  readChatRequest,
  SSE_DONE,
  sseData,
} from './openai/index.ts';
export { inferenceOperations } from './operations/index.ts';
export type { EngineHost, EventSink, Outbound, OutboundAnswer } from './ports.ts';
export { inferenceMigrations } from './repository.ts';
