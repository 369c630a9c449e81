import type { AnyOperation } from '../../protocol/index.ts';
import type { Inference } from '../inference.ts';
import { modelComplete } from './complete.ts';

export function inferenceOperations(inference: Inference): AnyOperation[] {
  return [modelComplete(inference)];
}
