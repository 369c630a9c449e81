import { guard } from './guard.ts';

const SECRET = 2;

export const secretToSink = guard(
  'G4',
  'secret-to-sink',
  { en: 'Secret or restricted content never leaves the building.', zh: '机密或受限内容不得离开本单位。' },
  (f) => f.external && f.confidentiality >= SECRET,
);
