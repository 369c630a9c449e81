/** The closed list of rights. Unknown scopes deny. Scopes are given by the box, never by what a client says of itself. */
export const SCOPES = [
  'doc.read',
  'doc.write',
  'task.read',
  'task.submit',
  'approval.answer',
  'infer',
  'box.read',
  'box.admin',
  'device.admin',
  'model.admin',
  'policy.admin',
  'skill.admin',
  'egress.admin',
  'audit.read',
  'audit.export',
] as const;
export type Scope = (typeof SCOPES)[number];

export const ROLES = {
  member: ['doc.read', 'doc.write', 'task.read', 'task.submit', 'approval.answer', 'box.read'],
  'api-client': ['infer'],
  'system-admin': ['box.read', 'box.admin', 'device.admin', 'model.admin'],
  'security-admin': ['box.read', 'policy.admin', 'skill.admin', 'egress.admin'],
  auditor: ['box.read', 'audit.read', 'audit.export'],
} as const satisfies Record<string, readonly Scope[]>;
export type Role = keyof typeof ROLES;

/** Scopes a browser device never uses until an administrator lifts its ceiling (the page cannot vouch for itself). */
export const BROWSER_CEILING: ReadonlySet<Scope> = new Set<Scope>([
  'box.admin',
  'device.admin',
  'model.admin',
  'policy.admin',
  'skill.admin',
  'egress.admin',
]);

export function scopesOf(roles: readonly Role[]): Scope[] {
  return [...new Set(roles.flatMap((role) => ROLES[role] as readonly Scope[]))];
}
