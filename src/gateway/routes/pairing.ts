import type { FastifyInstance } from 'fastify';
import { PATHS, PROTOCOL_RANGE } from '../../protocol/index.ts';
import type { IdentityGate } from '../ports.ts';
import { seenOf, whileWaiting } from '../visitor.ts';

/** The only calls before authentication: who the box is, and the steps of `jingu-pair/1`. */
export function pairingRoutes(
  app: FastifyInstance,
  { identity, version }: { identity: IdentityGate; version: string },
): void {
  app.get(PATHS.box, (_request, reply) => {
    void reply.header('cache-control', 'no-store');
    return { name: 'Jingu', version, boxId: identity.boxId, protocol: PROTOCOL_RANGE };
  });
  app.post(
    PATHS.pairBegin,
    { bodyLimit: 8192 },
    async (request) => await identity.pairBegin(seenOf(request), request.body),
  );
  app.post(
    PATHS.pairProve,
    { bodyLimit: 8192 },
    async (request) => await identity.pairProve(seenOf(request), request.body),
  );
  app.post('/api/pair/status', { bodyLimit: 8192 }, async (request, reply) => {
    return await identity.pairStatus(seenOf(request), request.body, whileWaiting(reply));
  });
}
