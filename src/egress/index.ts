export { Egress, type EgressOptions, type OpenAnswer, type OpenRequest } from './egress.ts';
export { EGRESS_CLASSES, EGRESS_RULES, type EgressClass, type EgressRule } from './hosts.ts';
export { egressOperations } from './operations.ts';
export { egressMigrations } from './repository.ts';
