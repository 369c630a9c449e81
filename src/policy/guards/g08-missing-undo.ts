import { guard } from './guard.ts';

export const missingUndo = guard(
  'G8',
  'missing-undo',
  { en: 'This call cannot leave the undo record that its contract promises.', zh: '此调用无法留下其约定的撤销记录。' },
  (f) => f.effect !== 'read' && f.undoable && !f.keepsUndo,
);
