import { fail } from '../../common/index.ts';
import {
  type AnyOperation,
  closed,
  Id,
  Name,
  operation,
  PLAIN_READ,
  ROLES,
  type Scope,
  type Static,
  Type,
} from '../../protocol/index.ts';
import { CONSOLE_PERSON, NEVER_FOR_TOKENS, scopesOfToken } from '../callers.ts';
import type { Identity } from '../identity.ts';
import type { Token } from '../records.ts';
import { person as findPerson, token as findToken, tokens } from '../repository.ts';
import { TOKEN_MOST_DAYS } from '../tokens.ts';
import { Done, Instant, ScopeName } from './shapes.ts';

const TokenShape = closed({
  tokenId: Id,
  name: Name,
  personId: Id,
  scopes: Type.Array(ScopeName, { maxItems: 32 }),
  createdBy: Id,
  createdAt: Instant,
  expiresAt: Instant,
  revokedAt: Type.Union([Instant, Type.Null()]),
});

export function tokenOperations(identity: Identity): AnyOperation[] {
  return [
    operation({
      id: 'token.create',
      since: 1,
      summary: { en: 'Make an API token; it is shown once', zh: '创建 API 令牌(仅显示一次)' },
      useWhen: ['a program shall use the OpenAI-style endpoint or a few operations'],
      input: closed({
        name: Name,
        days: Type.Optional(Type.Integer({ minimum: 1, maximum: TOKEN_MOST_DAYS })),
        scopes: Type.Optional(Type.Array(ScopeName, { minItems: 1, maxItems: 16, uniqueItems: true })),
        /** Whom it belongs to and acts for; left out: the caller. */
        personId: Type.Optional(Id),
      }),
      output: closed({
        token: TokenShape,
        /** Given once, to the first caller of a key; a replayed call gets `<secret>`. */
        secret: Type.String({ secret: true }),
      }),
      effect: 'admin',
      risk: 'medium',
      confirmation: 'never',
      idempotency: 'key',
      undo: { by: 'token.revoke' },
      scope: 'device.admin',
      errors: ['ROLE_REFUSED', 'PERSON_NOT_FOUND'],
      surfaces: ['ws', 'rest', 'cli'],
      positional: ['name'],
      examples: [{ note: 'for a chat page in the office', input: { name: 'Office chat page', days: 30 } }],
      facts: () => ({ targets: [{ kind: 'box', id: identity.boxId }] }),
      prepare: () => identity.tokens.mint(),
      apply: (ctx, input, secret) => {
        const { caller, tx } = ctx;
        const personId = input.personId ?? caller.personId ?? CONSOLE_PERSON;
        const person = findPerson(tx, personId);
        if (!person) throw fail('PERSON_NOT_FOUND', { personId });
        const scopes = (input.scopes ?? ROLES['api-client']) as Scope[];
        for (const scope of scopes) {
          if (NEVER_FOR_TOKENS.has(scope)) {
            throw fail('ROLE_REFUSED', { role: 'api-client', reason: `no token may hold ${scope}` });
          }
          const isDefault = (ROLES['api-client'] as readonly Scope[]).includes(scope);
          if (!isDefault && !caller.scopes.includes(scope)) {
            throw fail('ROLE_REFUSED', { role: 'api-client', reason: `you do not hold ${scope} yourself` });
          }
          if (!scopesOfToken(person, { scopes: [scope] }).includes(scope)) {
            throw fail('ROLE_REFUSED', { role: 'api-client', reason: `${person.name} does not hold ${scope}` });
          }
        }
        const { name, days = 30 } = input;
        const createdBy = caller.personId ?? CONSOLE_PERSON;
        const token = identity.tokens.create(tx, secret, { personId, name, scopes, days, createdBy });
        ctx.undoWith({ tokenId: token.tokenId });
        return { token: showToken(token), secret };
      },
    }),
    operation({
      id: 'token.list',
      since: 1,
      summary: { en: 'List API tokens, without their secrets', zh: '列出 API 令牌(不含密钥)' },
      input: closed({}),
      output: closed({ tokens: Type.Array(TokenShape, { maxItems: 10_000 }) }),
      ...PLAIN_READ,
      scope: 'device.admin',
      errors: [],
      surfaces: ['ws', 'rest', 'cli'],
      examples: [{ note: 'all of them', input: {} }],
      read: (ctx) => ({ tokens: tokens(ctx.db).map(showToken) }),
    }),
    operation({
      id: 'token.revoke',
      since: 1,
      summary: { en: 'Revoke an API token at once', zh: '立即吊销 API 令牌' },
      input: closed({ tokenId: Id }),
      output: Done,
      effect: 'admin',
      risk: 'medium',
      confirmation: 'never',
      idempotency: 'key',
      undo: 'none',
      scope: 'device.admin',
      errors: ['TOKEN_NOT_FOUND'],
      surfaces: ['ws', 'rest', 'cli'],
      positional: ['tokenId'],
      examples: [{ note: 'by id', input: { tokenId: 'token_01h0000000abcdefghjkmnpqrs' } }],
      facts: (_ctx, { tokenId }) => ({ targets: [{ kind: 'box', id: tokenId }] }),
      apply: (ctx, { tokenId }) => {
        if (!findToken(ctx.tx, tokenId)) throw fail('TOKEN_NOT_FOUND', { tokenId });
        identity.tokens.revoke(ctx.tx, tokenId);
        return { done: true as const };
      },
    }),
  ];
}

function showToken(token: Token): Static<typeof TokenShape> {
  return token;
}
