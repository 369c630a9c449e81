import type { AnyOperation } from '../../protocol/index.ts';
import type { Inference } from '../inference.ts';
import { inferChat } from './chat.ts';
import { modelComplete } from './complete.ts';
import { modelOperations } from './models.ts';

export function inferenceOperations(inference: Inference): AnyOperation[] {
  return [...modelOperations(inference), modelComplete(inference), ...inferChat(inference)];
}
