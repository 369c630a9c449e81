import { guard } from './guard.ts';

const PURPOSES = new Set(['training', 'telemetry', 'analytics']);

export const trainingExport = guard(
  'G10',
  'training-export',
  { en: 'Nothing leaves for training or telemetry.', zh: '任何内容都不得外发用于训练或遥测。' },
  (f) => PURPOSES.has(f.purpose) || (PURPOSES.has(f.noun) && f.effect !== 'read'),
);
