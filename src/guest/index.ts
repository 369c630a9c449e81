export { type BackoffOptions, DEFAULT_BACKOFF } from './backoff.ts';
export type { GuestCall, GuestMethod, GuestServer, ServeOptions } from './guest-server.ts';
export { serveGuest } from './serve.ts';
export { Supervisor, type SupervisorOptions } from './supervisor.ts';
export type {
  GoneReason,
  GuestExit,
  GuestHandle,
  GuestLimits,
  GuestProcess,
  GuestRequestOptions,
  GuestSpec,
  GuestState,
  GuestStatus,
  Starter,
} from './types.ts';
