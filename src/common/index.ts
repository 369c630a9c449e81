export type { Brand, Millis } from './brand.ts';
export { canonicalJson } from './canonical.ts';
export { type Clock, systemClock } from './clock.ts';
export { ERROR_CATALOGUE, type ErrorCode } from './errors/catalogue.ts';
export {
  type Details,
  fail,
  httpStatus,
  isJinguError,
  JinguError,
  type Locale,
  type WireError,
} from './errors/jingu-error.ts';
export { CATEGORIES, type Category } from './errors/kinds.ts';
export { fromBase64Url, newId, randomToken, toBase64Url, toHex } from './ids.ts';
export { type Logger, silentLogger } from './logger.ts';
export { nearest } from './nearest.ts';
export type { Database, Reader, SqlValue, Tx } from './tx.ts';
