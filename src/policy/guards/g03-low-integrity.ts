import { guard } from './guard.ts';

// An approval is the word of a verified person (integrity 2), so it lifts what needs a person and never what needs an administrator.
const PERSON = 2;

export const lowIntegrity = guard(
  'G3',
  'low-integrity',
  {
    en: 'What decided this call is less trusted than the operation requires.',
    zh: '决定此调用的内容可信度低于该操作的要求。',
  },
  (f) => f.integrity < f.minIntegrity && !(f.approved && f.minIntegrity <= PERSON),
);
