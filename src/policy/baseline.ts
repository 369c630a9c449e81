/**
 * The baseline once more, in Cedar: the same twelve rules written a second time, evaluated in a call of their own, so
 * that a slip in one form is caught by the other. The last permit means "no objection" and nothing else. It is part
 * of the program: no file, flag or bundle replaces it.
 */
export const BASELINE_SCHEMA = `
entity Caller;
entity Operation;
action read, write, send, exec, admin appliesTo {
  principal: [Caller],
  resource: [Operation],
  context: {
    operation: String, noun: String, scope: String, undoable: Bool, minIntegrity: Long,
    caller: String, agent: Bool, person: Bool, integrity: Long, confidentiality: Long,
    zone: String, external: Bool, host: String, purpose: String, listed: Bool,
    approved: Bool, spent: Bool, keepsUndo: Bool, selfGrant: Bool,
  },
};`;

export const BASELINE_POLICIES: Readonly<Record<string, string>> = {
  G1: `forbid (principal, action, resource) when { context.noun == "skill" && action != Action::"read" };`,
  G2: `forbid (principal, action == Action::"exec", resource) when { context.zone == "none" };`,
  G3: `forbid (principal, action, resource) when { context.integrity < context.minIntegrity }
    unless { context.approved && context.minIntegrity <= 2 };`,
  G4: `forbid (principal, action, resource) when { context.external && context.confidentiality >= 2 };`,
  G5: `forbid (principal, action, resource) when { (context.host != "" || action == Action::"send") && !context.listed };`,
  G6: `forbid (principal, action, resource) when { action != Action::"read" && !context.person }
    unless { context.caller == "internal" && context.operation == "doc.import" };`,
  G7: `forbid (principal, action, resource) when { context.agent && (
    action == Action::"admin" || context.scope like "*.admin" || context.scope like "audit.*" ||
    ["audit", "log"].contains(context.noun) ||
    (action != Action::"read" && ["policy", "skill", "unit", "hook", "update", "config", "backup", "box", "egress",
      "secret", "mcp", "approval", "label", "person", "device", "pair", "token", "session", "workspace"]
      .contains(context.noun))) };`,
  G8: `forbid (principal, action, resource) when { action != Action::"read" && context.undoable && !context.keepsUndo };`,
  G9: `forbid (principal, action, resource) when { context.zone == "cloud" };`,
  G10: `forbid (principal, action, resource) when { ["training", "telemetry", "analytics"].contains(context.purpose) ||
    (["training", "telemetry", "analytics"].contains(context.noun) && action != Action::"read") };`,
  G11: `forbid (principal, action, resource) when { context.spent };`,
  G12: `forbid (principal, action, resource) when { context.selfGrant && context.caller != "console" };`,
  'no-objection': `permit (principal, action, resource);`,
};

/** Members of the facts that the baseline looks at. */
export const BASELINE_FACTS = [
  ...(['operation', 'noun', 'scope', 'undoable', 'minIntegrity', 'caller', 'agent', 'person', 'integrity'] as const),
  ...(['confidentiality', 'zone', 'external', 'host', 'purpose', 'listed', 'approved', 'spent', 'keepsUndo'] as const),
  'selfGrant' as const,
];

/** Members of the facts that a rule of the organisation may look at: those of its schema. */
export const ORGANISATION_FACTS = [
  ...(['operation', 'noun', 'verb', 'scope', 'risk', 'undoable', 'caller', 'agent', 'person', 'roles'] as const),
  ...(['deviceClass', 'integrity', 'confidentiality', 'restrictedTo', 'zone', 'external', 'documents'] as const),
  ...(['workspaces', 'approved'] as const),
];
