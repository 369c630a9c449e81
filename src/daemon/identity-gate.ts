import { fail, isJinguError } from '../common/index.ts';
import type { IdentityGate } from '../gateway/index.ts';
import { check } from '../gateway/index.ts';
import type { Identity, Session } from '../identity/index.ts';
import { Connect, PairBegin, PairProve, PairStatus, Renew } from '../protocol/index.ts';

/** Fits `identity` to what the gateway asks: remembers which session belongs to which socket, nothing else. */
export function identityGate(identity: Identity): IdentityGate {
  const sessions = new Map<string, Session>();
  const sessionOf = (connId: string): Session => {
    const session = sessions.get(connId);
    if (!session) throw fail('UNAUTHENTICATED');
    return session;
  };
  const from = (source: string, origin: string | null = null) => ({ address: source, origin });
  return {
    boxId: identity.boxId,
    challenge: (connId) => identity.makeChallenge(connId),
    connect(connId, params, seen) {
      const { session, caller, proof } = identity.connect(
        connId,
        check(Connect, params),
        from(seen.source, seen.origin),
      );
      sessions.set(connId, session);
      return { caller, session: proof, protocol: session.protocol };
    },
    renew(connId, params, seen) {
      const session = sessionOf(connId);
      const proof = identity.renew(session, check(Renew, params), from(seen.source, seen.origin));
      return { caller: identity.callerForSession(session), session: proof };
    },
    bearer: (connId) => identity.issueBearer(sessionOf(connId)),
    current: (connId) => identity.callerForSession(sessionOf(connId)),
    disconnect(connId) {
      const session = sessions.get(connId);
      sessions.delete(connId);
      if (session) identity.endSession(session);
    },
    callerForBearer: (bearer, source, surface, locale) =>
      bearer.startsWith('jt_')
        ? identity.callerForToken(bearer, surface, from(source), locale)
        : identity.callerForBearer(bearer, from(source)),
    consoleCaller: (locale) => identity.consoleCaller(locale),
    pairBegin: (seen, body) => identity.pairBegin(check(PairBegin, body), from(seen.source, seen.origin)),
    pairProve: (seen, body) => identity.pairProve(check(PairProve, body), from(seen.source, seen.origin)),
    pairStatus: (seen, body, signal) =>
      identity.pairStatus(check(PairStatus, body), from(seen.source, seen.origin), signal),
    onRevoked: (listener) => identity.onRevoked(() => listener()),
    standing(caller) {
      try {
        identity.assertCurrent(caller);
        return 'good';
      } catch (error) {
        return isJinguError(error) && error.code === 'SESSION_EXPIRED' ? 'changed' : 'revoked';
      }
    },
  };
}
