export { check } from './check.ts';
export type { HealthPort, HelloFacts, IdentityGate } from './ports.ts';
export { Gateway, type GatewayOptions } from './server.ts';
