import { type Clock, type Database, fail, type Locale, newId, randomToken, type Tx } from '../common/index.ts';
import type { Caller, Scope, Surface } from '../protocol/index.ts';
import type { Callers } from './callers.ts';
import type { Epochs } from './epochs.ts';
import type { FailureLimiter } from './failure-limiter.ts';
import type { Token } from './records.ts';
import { insertToken, revokeToken, tokenByHash } from './repository.ts';
import type { Source } from './sessions.ts';
import { sha256 } from './signatures.ts';

const DAY = 86_400_000;
export const TOKEN_MOST_DAYS = 90;

/** API tokens of role `api-client`: shown once, kept as a SHA-256 (256 random bits need no slow hash). */
export class Tokens {
  readonly #o: { db: Database; clock: Clock; epochs: Epochs; callers: Callers; limiter: FailureLimiter };

  constructor(options: { db: Database; clock: Clock; epochs: Epochs; callers: Callers; limiter: FailureLimiter }) {
    this.#o = options;
  }

  mint(): string {
    return `jt_${randomToken(32)}`;
  }

  create(
    tx: Tx,
    secret: string,
    wish: { personId: string; name: string; scopes: readonly Scope[]; days: number; createdBy: string },
  ): Token {
    const now = this.#o.clock.now();
    const { days, ...rest } = wish;
    const token: Token = {
      ...rest,
      scopes: [...wish.scopes],
      tokenId: newId('token', now),
      createdAt: now,
      expiresAt: now + days * DAY,
      revokedAt: null,
    };
    insertToken(tx, token, hashOf(secret));
    tx.afterCommit(() => this.#o.epochs.addToken(token.tokenId, token.personId, true));
    return token;
  }

  revoke(tx: Tx, tokenId: string): void {
    revokeToken(tx, tokenId, this.#o.clock.now());
    tx.afterCommit(() => this.#o.epochs.revokeToken(tokenId));
  }

  /** Throws TOKEN_INVALID, PERSON_SUSPENDED or LOCKED_OUT; a wrong token counts against its source. */
  callerFor(secret: string, surface: Surface, source: Source, locale: Locale): Caller {
    const { limiter, db, callers, clock } = this.#o;
    limiter.assertOpen(source.address, 'token');
    const token = secret.startsWith('jt_') ? tokenByHash(db, hashOf(secret)) : undefined;
    if (!token) {
      limiter.failed(source.address, 'token');
      throw fail('TOKEN_INVALID');
    }
    return callers.forToken(token.tokenId, surface, clock.now(), locale);
  }
}

function hashOf(secret: string): string {
  return sha256(secret).toString('base64url');
}
