import { guard } from './guard.ts';

// Running a model is `exec` in a zone and happens in the engine guest; any other code would need the jail, which is absent.
export const codeOutsideJail = guard(
  'G2',
  'code-outside-jail',
  { en: 'No code runs outside the jail.', zh: '不在隔离区外执行代码。' },
  (f) => f.effect === 'exec' && f.zone === 'none',
);
