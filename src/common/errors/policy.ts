import { errorKinds } from './kinds.ts';

/** Errors of policy, audit and backup. */
export const policyErrors = errorKinds({
  POLICY_BUNDLE_INVALID: {
    category: 'bad-input',
    en: 'This policy bundle cannot be loaded: {reason}.',
    zh: '无法加载该策略包:{reason}。',
    hint: {
      en: 'The last good bundle stays in force. Correct the rule it names and load it again.',
      zh: '上一个有效的策略包仍然生效。请更正所指规则后重新加载。',
    },
  },
  AUDIT_RANGE: {
    category: 'bad-input',
    en: 'The audit log has no such range: {reason}.',
    zh: '审计日志中没有该范围:{reason}。',
    hint: { en: 'audit.head tells how long the log is.', zh: '用 audit.head 查看日志长度。' },
  },
  AUDIT_KEY_UNKNOWN: {
    category: 'unavailable',
    en: 'The audit key is not the one that signed this log, and no handover from the old key is on record.',
    zh: '当前审计密钥不是签署该日志的密钥,且没有旧密钥的交接记录。',
    hint: {
      en: 'Put the keys folder of this data directory back, for example with: jingu backup restore',
      zh: '请恢复该数据目录的密钥文件夹,例如运行:jingu backup restore',
    },
  },
  AUDIT_BROKEN: {
    category: 'unavailable',
    en: 'The audit log of this box does not hold together: {reason}.',
    zh: '盒子的审计日志不完整:{reason}。',
    hint: {
      en: 'Keep a copy of the data directory, then go back to a backup from before: jingu backup restore <name>',
      zh: '请先保留数据目录的副本,再恢复此前的备份:jingu backup restore <name>',
    },
  },
  BACKUP_NOT_FOUND: {
    category: 'not-found',
    en: 'There is no backup "{name}".',
    zh: '没有名为“{name}”的备份。',
    hint: { en: 'backup.list names them all.', zh: '用 backup.list 查看全部备份。' },
  },
  BACKUP_BROKEN: {
    category: 'conflict',
    en: 'This backup is not whole: {reason}.',
    zh: '该备份不完整:{reason}。',
    hint: { en: 'Use another one. Nothing was changed.', zh: '请使用其他备份,未作任何更改。' },
  },
});
