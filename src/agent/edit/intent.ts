import type { ModelPort } from './ports.ts';
import { KIND_PROMPT } from './prompts.ts';

const INTENTS = ['change', 'add', 'delete', 'question'] as const;
export type Intent = (typeof INTENTS)[number];

/** What the instruction wants, and whether the words themselves say so too. */
export interface IntentGuess {
  intent: Intent;
  certain: boolean;
}

/**
 * Asked of the model under a grammar of four words, and held against plain cues. Where the two differ the caller must
 * not act unasked.
 */
export async function intentOf(model: ModelPort, instruction: string, signal: AbortSignal): Promise<IntentGuess> {
  const cue = cueOf(instruction);
  // "Set", "改成": nothing a model could say would make it anything else.
  if (cue === 'change' || cue === 'question') return { intent: cue, certain: true };
  const { text } = await model.complete(
    {
      messages: [
        { role: 'system', content: KIND_PROMPT },
        { role: 'user', content: instruction },
      ],
      grammar: { kind: 'choices', choices: INTENTS },
      maxTokens: 8,
      prefixKey: 'edit-kind',
    },
    { signal },
  );
  // No answer at all is no witness: the plain change, and a person decides.
  const said = INTENTS.find((intent) => intent === text);
  if (said === undefined) return { intent: cue ?? 'change', certain: false };
  // The words themselves are the better witness; where the model differs, a person decides.
  return { intent: cue ?? said, certain: cue === undefined ? said === 'change' : cue === said };
}

export function cueOf(instruction: string): Intent | undefined {
  const text = instruction.trim();
  if (/[??]\s*$/.test(text) || /^(?:who|what|when|where|which|how|why|is|are|does|do|can)\b/i.test(text))
    return 'question';
  if (/(?:吗|呢|几点|多少|哪[里个些天]|什么时候|是谁|谁负责)[。.]?$/.test(text)) return 'question';
  const del =
    /\b(?:delete|remove|strike|erase|drop|take out|get rid of|cross out)\b|删除|删掉|删去|去掉|移除|划掉|去除|拿掉|清除/i.exec(
      text,
    );
  const add = /\b(?:add|insert|append|include|put in)\b|添加|加上|加一|加入|新增|补充|插入|增加一|添一|追加/i.exec(
    text,
  );
  // "Drop the price to 30" and "增加到 60" set a value.
  const toValue = /\b(?:to|by)\s+[€$£¥]?\d|[到至为成]\s*[¥¥]?\d/.test(text);
  if (del && !add) return toValue ? 'change' : 'delete';
  if (/增加[到至为]|添加[到至]?为|(?:提高|降低|减少|延长|缩短|上调|下调)[到至为]/.test(text)) return 'change';
  if (add && !del) return toValue && !/[::]/.test(text) ? 'change' : 'add';
  if (
    !add &&
    !del &&
    /改成|改为|换成|改到|变为|变成|\b(?:change|set|move|update|replace|raise|lower|rename)\b/i.test(text)
  )
    return 'change';
  return undefined;
}

/** Wants to know something, by its form alone: a model that takes an order for a question would leave it undone. */
export function isQuestion(instruction: string): boolean {
  return cueOf(instruction) === 'question';
}
