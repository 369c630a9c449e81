import { guard } from './guard.ts';

export const replay = guard(
  'G11',
  'replay',
  { en: 'This approval or ticket was used before.', zh: '该审批或凭证已使用过。' },
  (f) => f.spent,
);
