import { guard } from './guard.ts';

// The room of Skills does not exist yet, so there is no signed, vetted Skill to tell from another.
export const unsignedSkill = guard(
  'G1',
  'unsigned-skill',
  {
    en: 'No Skill runs or is installed: this box has no room that could check its signature.',
    zh: '不运行也不安装技能:本盒还没有可校验其签名的模块。',
  },
  (f) => f.noun === 'skill' && f.effect !== 'read',
);
