import { guard } from './guard.ts';

// The one thing the box does for nobody: taking in what another program saved, so that it is not lost.
export const noVerifiedPerson = guard(
  'G6',
  'no-verified-person',
  { en: 'No effect without a verified person behind it.', zh: '没有经过验证的人,就不能产生任何效果。' },
  (f) => f.effect !== 'read' && !f.person && !(f.caller === 'internal' && f.operation === 'doc.import'),
);
