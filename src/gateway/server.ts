import type { ServerResponse } from 'node:http';
import websocket from '@fastify/websocket';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { WebSocket } from 'ws';
import { type Clock, fail, httpStatus, isJinguError, type Locale, type Logger } from '../common/index.ts';
import type { Door, Registry, TextStreams, Topics } from '../door/index.ts';
import { offeredOn } from '../door/index.ts';
import { type Caller, CLOSE, type Hello, LIMITS, PATHS, SUBPROTOCOL, type Surface } from '../protocol/index.ts';
import { HostList } from './hosts.ts';
import { Listeners, type ListenOptions } from './listeners.ts';
import type { BlobPort, HealthPort, HelloFacts, IdentityGate } from './ports.ts';
import { blobRoutes } from './routes/blobs.ts';
import { monitorRoutes } from './routes/monitor.ts';
import { openaiRoutes } from './routes/openai.ts';
import { operationRoutes } from './routes/operations.ts';
import { pairingRoutes } from './routes/pairing.ts';
import { webRoutes } from './routes/web.ts';
import { SocketConnection } from './socket/connection.ts';
import { remember, type Visitor, visitorOf } from './visitor.ts';

export interface GatewayOptions {
  clock: Clock;
  log: Logger;
  version: string;
  /** Names and addresses under which clients may call the box, without port. */
  names: readonly string[];
  listen: ListenOptions;
  door: Door;
  registry: Registry;
  texts: TextStreams;
  topics: Topics;
  identity: IdentityGate;
  hello: HelloFacts;
  health: HealthPort;
  blobs: BlobPort;
  /** Why the box serves reads only; undefined in ordinary life. */
  recovery: string | undefined;
  /** Folder of the built web app; undefined when it was not built. */
  webRoot: string | undefined;
}

/**
 * The box's face on the LAN: TLS, Host and Origin lists, WebSocket sessions, REST, `/v1`, the web app. It translates
 * and decides nothing: everything ends in `door.invoke`.
 */
export class Gateway {
  readonly #o: GatewayOptions;
  readonly #listeners = new Listeners();
  readonly #connections = new Set<SocketConnection>();
  readonly #answers = new Map<ServerResponse, { caller: Caller; url: string }>();
  #app: FastifyInstance | undefined;
  #stopRevocation: (() => void) | undefined;
  #hosts = new HostList([], 0);
  /** Sockets that were closed because their client read too slowly. */
  lagCloses = 0;
  port = 0;

  constructor(options: GatewayOptions) {
    this.#o = options;
  }

  get sockets(): number {
    return this.#connections.size;
  }

  /** Throws LISTEN_FAILED. Resolves when every listener accepts. */
  async start(): Promise<void> {
    const app = await this.#build();
    this.#app = app;
    this.#stopRevocation = this.#o.identity.onRevoked(() => this.#closeRevoked());
    const route = app.routing as unknown as Parameters<Listeners['start']>[1];
    this.port = await this.#listeners.start(this.#o.listen, route, (request, socket, head) =>
      app.server.emit('upgrade', request, socket, head),
    );
    this.#hosts = new HostList(this.#o.names, this.port);
  }

  useCertificate(tls: ListenOptions['tls']): void {
    this.#listeners.useCertificate(tls);
  }

  async stop(): Promise<void> {
    this.#stopRevocation?.();
    for (const connection of this.#connections)
      connection.close(CLOSE.restarting, 'the box restarts: resume from your cursor');
    await this.#listeners.stop();
    await this.#app?.close();
    this.#app = undefined;
  }

  async #build(): Promise<FastifyInstance> {
    const app = Fastify({
      logger: false,
      bodyLimit: LIMITS.frameBytes,
      trustProxy: false,
      routerOptions: { maxParamLength: 200 },
    });
    app.addHook('onRequest', async (request, reply) => {
      this.#admit(request);
      this.#keep(request, reply);
    });
    app.setErrorHandler((error, request, reply) => this.#sendError(error, request, reply));
    app.setNotFoundHandler((request) => {
      throw fail('PATH_UNKNOWN', { path: request.url.split('?')[0]!.slice(0, 200) });
    });
    await app.register(websocket, {
      options: {
        maxPayload: LIMITS.frameBytes,
        perMessageDeflate: false,
        handleProtocols: (offered: Set<string>) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
      },
    });
    app.get(PATHS.socket, { websocket: true }, (socket, request) => this.#accept(socket, request));
    const routes = { ...this.#o, hosts: () => this.#hosts };
    operationRoutes(app, routes);
    pairingRoutes(app, routes);
    monitorRoutes(app, routes);
    blobRoutes(app, routes);
    openaiRoutes(app, routes);
    webRoutes(app, routes);
    await app.ready();
    return app;
  }

  /** Host and Origin first, then who it is. A wrong bearer is refused even where none is needed. */
  #admit(request: FastifyRequest): void {
    const isConsole = this.#listeners.isConsole(request.raw);
    const source = isConsole ? 'console' : (request.raw.socket.remoteAddress ?? 'unknown');
    const locale: Locale = /^zh\b/i.test(request.headers['accept-language'] ?? '') ? 'zh' : 'en';
    const visitor: Visitor = { caller: undefined, isConsole, source, locale };
    remember(request, visitor);
    if (isConsole) {
      visitor.caller = this.#o.identity.consoleCaller(locale);
      return;
    }
    if (!this.#hosts.allowsHost(request.headers.host) || !this.#hosts.allowsOrigin(request.headers.origin))
      throw fail('HOST_REFUSED');
    const bearer = /^Bearer (\S{1,400})$/.exec(request.headers.authorization ?? '')?.[1];
    if (request.headers.authorization !== undefined && bearer === undefined) throw fail('UNAUTHENTICATED');
    if (bearer !== undefined)
      visitor.caller = this.#o.identity.callerForBearer(bearer, source, surfaceOf(request.url), locale);
  }

  /** Remembers whose answer is being written, for as long as it is. */
  #keep(request: FastifyRequest, reply: FastifyReply): void {
    const { caller, isConsole } = visitorOf(request);
    if (!caller || isConsole) return;
    this.#answers.set(reply.raw, { caller, url: request.url });
    reply.raw.once('close', () => this.#answers.delete(reply.raw));
  }

  #sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const known = isJinguError(error) ? error : this.#translate(error, request);
    const wire = known.toWire(visitorOf(request)?.locale ?? 'en', request.id);
    const status = httpStatus(wire);
    if (wire.retryAfterMs !== undefined) void reply.header('retry-after', Math.ceil(wire.retryAfterMs / 1000));
    void reply.code(status).header('cache-control', 'no-store').send({ error: wire });
  }

  #translate(error: unknown, request: FastifyRequest) {
    const { statusCode, code, message } = error as { statusCode?: number; code?: string; message?: string };
    if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
      return fail('TOO_LARGE', { bytes: Number(request.headers['content-length'] ?? 0), limit: LIMITS.frameBytes });
    }
    if (statusCode !== undefined && statusCode < 500)
      return fail('REQUEST_INVALID', { reason: message ?? code ?? 'bad request' });
    this.#o.log.error(
      { path: request.url.split('?')[0], error: String(error instanceof Error ? error.stack : error) },
      'request-failed',
    );
    return fail('INTERNAL', {}, error);
  }

  #accept(socket: WebSocket, request: FastifyRequest): void {
    const { source } = visitorOf(request);
    const connection = new SocketConnection(
      socket,
      { origin: request.headers.origin ?? null, source },
      { ...this.#o, hello: (caller) => this.#hello(caller) },
    );
    this.#connections.add(connection);
    socket.on('close', () => {
      this.#connections.delete(connection);
      if (connection.lagged) this.lagCloses += 1;
    });
    connection.start();
  }

  async #hello(caller: Caller): Promise<Omit<Hello, 'protocol' | 'session'>> {
    const { registry, topics, identity, hello, version } = this.#o;
    const followable = ['approvals', 'box'].flatMap((topic) => {
      try {
        const { epoch, seq } = topics.position(caller, topic);
        return [{ topic, epoch, seq }];
      } catch {
        return [];
      }
    });
    return {
      server: { name: 'Jingu', version, boxId: identity.boxId },
      caller: {
        personId: caller.personId ?? '',
        personName: caller.personName ?? '',
        deviceId: caller.deviceId ?? '',
        roles: [...caller.roles],
        scopes: [...caller.scopes],
      },
      operations: registry
        .list()
        .filter((op) => offeredOn(op, 'ws'))
        .map((op) => op.id),
      registry: registry.digest(),
      topics: followable,
      snapshot: await hello.snapshot(caller),
      auditHead: hello.auditHead(),
      limits: LIMITS,
    };
  }

  /**
   * In the turn of the commit: nobody who lost their standing hears another word. Plain operation calls may finish,
   * the door looks again before each effect, and one of them is the call that revoked.
   */
  #closeRevoked(): void {
    const { identity } = this.#o;
    for (const connection of this.#connections) {
      const standing = connection.caller ? identity.standing(connection.caller) : 'good';
      if (standing === 'revoked') connection.close(CLOSE.revoked, 'DEVICE_REVOKED');
      if (standing === 'changed') connection.close(CLOSE.sessionEnded, 'rights have changed: connect again');
    }
    for (const [answer, { caller, url }] of this.#answers) {
      if (!url.startsWith(PATHS.operation) && identity.standing(caller) !== 'good') answer.destroy();
    }
  }
}

function surfaceOf(url: string): Surface {
  return url.startsWith('/v1/') ? 'v1' : 'rest';
}
