import { ERROR_CATALOGUE, type ErrorCode } from './catalogue.ts';
import { CATEGORIES, type Category } from './kinds.ts';

const BRAND = Symbol.for('jingu.error');

export type Details = Readonly<Record<string, unknown>>;

/** The wire form of an error: what `data` carries in JSON-RPC, REST answers and CLI stderr alike. */
export interface WireError {
  code: string;
  category: Category;
  message: string;
  retryable: boolean;
  retryAfterMs?: number;
  hint?: string;
  details?: Details;
  traceId?: string;
}

/** Every expected failure of the box. Made by `fail` so that code, text and category come from the catalogue. */
export class JinguError extends Error {
  readonly [BRAND] = true;
  readonly code: ErrorCode;
  readonly details: Details;

  constructor(code: ErrorCode, details: Details = {}, options?: { cause?: unknown }) {
    super(fillText(ERROR_CATALOGUE[code].en, details), options);
    this.name = 'JinguError';
    this.code = code;
    this.details = details;
  }

  get category(): Category {
    return ERROR_CATALOGUE[this.code].category;
  }

  toWire(locale: Locale = 'en', traceId?: string): WireError {
    const kind = ERROR_CATALOGUE[this.code];
    const { retryAfterMs } = this.details as { retryAfterMs?: number };
    return {
      code: this.code,
      category: kind.category,
      message: fillText(kind[locale], this.details),
      retryable: kind.retryable ?? false,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      hint: fillText(kind.hint[locale], this.details),
      ...(Object.keys(this.details).length > 0 ? { details: this.details } : {}),
      ...(traceId === undefined ? {} : { traceId }),
    };
  }
}

export type Locale = 'en' | 'zh';

/** Builds (does not throw) a catalogued error: `throw fail('DOC_CONFLICT', {...})`. Details must be plain JSON. */
export function fail(code: ErrorCode, details: Details = {}, cause?: unknown): JinguError {
  return new JinguError(code, details, cause === undefined ? undefined : { cause });
}

/** True across copies of this module and across realms (undici's Symbol.for brand, for the same reason). */
export function isJinguError(value: unknown): value is JinguError {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[BRAND] === true;
}

/** HTTP status of a wire error. */
export function httpStatus(error: Pick<WireError, 'code' | 'category'>): number {
  const kind = (ERROR_CATALOGUE as Record<string, { http?: number } | undefined>)[error.code];
  return kind?.http ?? CATEGORIES[error.category].http;
}

function fillText(text: string, details: Details): string {
  return text.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = details[name];
    return value === undefined ? '?' : typeof value === 'string' ? value : JSON.stringify(value);
  });
}
