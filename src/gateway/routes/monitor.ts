import type { FastifyInstance, FastifyRequest } from 'fastify';
import { fail } from '../../common/index.ts';
import type { HealthPort } from '../ports.ts';
import { visitorOf } from '../visitor.ts';

/** `/livez` is for anyone; the rest for the console, loopback, or a caller with `box.read`. */
export function monitorRoutes(app: FastifyInstance, { health }: { health: HealthPort }): void {
  app.get('/livez', (_request, reply) => {
    void reply.header('cache-control', 'no-store').code(health.live() ? 200 : 503);
    return { live: health.live() };
  });
  app.get('/readyz', (request, reply) => {
    mayWatch(request);
    const problems = health.problems();
    void reply.header('cache-control', 'no-store').code(problems.length === 0 ? 200 : 503);
    return { ready: problems.length === 0, problems };
  });
  app.get('/metrics', async (request, reply) => {
    mayWatch(request);
    void reply.header('cache-control', 'no-store').type('text/plain; version=0.0.4; charset=utf-8');
    return await health.metrics();
  });
}

function mayWatch(request: FastifyRequest): void {
  const { caller, isConsole } = visitorOf(request);
  if (isConsole || caller?.scopes.includes('box.read')) return;
  if (caller) throw fail('SCOPE_MISSING', { operation: request.url.split('?')[0], scope: 'box.read' });
  throw fail('UNAUTHENTICATED');
}
