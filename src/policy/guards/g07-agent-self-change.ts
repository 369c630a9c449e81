import { guard } from './guard.ts';

const RECORDS = new Set(['audit', 'log']);
/** What the box consists of, as against what people work on. */
const SELF = new Set([
  ...['policy', 'skill', 'unit', 'hook', 'update', 'config', 'backup', 'box', 'egress', 'secret', 'mcp'],
  ...['approval', 'label', 'person', 'device', 'pair', 'token', 'session', 'workspace'],
]);

export const agentSelfChange = guard(
  'G7',
  'agent-self-change',
  {
    en: 'An agent changes no policy, record, right, Skill or setting, and reads no raw log.',
    zh: '代理不得更改策略、记录、权限、技能或设置,也不得读取原始日志。',
  },
  (f) =>
    f.agent &&
    (f.effect === 'admin' ||
      f.scope.endsWith('.admin') ||
      f.scope.startsWith('audit.') ||
      RECORDS.has(f.noun) ||
      (f.effect !== 'read' && SELF.has(f.noun))),
);
