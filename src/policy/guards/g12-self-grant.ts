import { guard } from './guard.ts';

// The console is whoever stands at the box: a small office sets up its first administrators there.
export const selfGrant = guard(
  'G12',
  'self-grant',
  { en: 'Nobody gives themselves a right.', zh: '任何人不得给自己授权。' },
  (f) => f.selfGrant && f.caller !== 'console',
);
