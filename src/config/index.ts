export { type ConfigRow, configHelp, describeConfig } from './describe.ts';
export { type LoadedConfig, type LoadInput, loadConfig } from './load.ts';
export { localeOf, locateData } from './locate.ts';
export { assertPrivateBind, bindAddresses, type Interfaces, isPrivateAddress } from './private-bind.ts';
export { type ConfigProblem, describeProblems, problemError } from './problems.ts';
export { type Config, type ConfigKey, ConfigSchema } from './schema.ts';
export { type ServiceFacts, serviceFacts } from './service.ts';
