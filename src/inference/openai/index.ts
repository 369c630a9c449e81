export { type OpenAiChat, readChatRequest } from './request.ts';
export {
  type AnswerHead,
  ChatChunks,
  chatCompletion,
  modelList,
  openAiError,
  SSE_DONE,
  sseData,
} from './response.ts';
