import type { Think } from './brain.ts';
import { answerQuestion } from './edit/answer.ts';
import { proposeEdit } from './edit/brain.ts';
import { isQuestion } from './edit/intent.ts';

/** What an instruction means for the documents in view: an edit, a question back, a refusal, or an answer. */
export const think: Think = async (input) => {
  if (!isQuestion(input.instruction)) return await proposeEdit(input);
  const answer = await answerQuestion(input);
  if (!answer) return { kind: 'refuse', reason: 'no-documents', words: [] };
  return { kind: 'answer', ...answer };
};
