import { guard } from './guard.ts';

// The cloud needs organisation policy, label and redaction to agree; redaction is absent, so nothing can.
export const cloudInference = guard(
  'G9',
  'cloud-inference',
  {
    en: 'No model outside the building: there is no redaction on this box yet.',
    zh: '不使用外部模型:本盒尚无脱敏功能。',
  },
  (f) => f.zone === 'cloud',
);
