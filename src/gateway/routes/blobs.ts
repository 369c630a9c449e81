import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { fail } from '../../common/index.ts';
import { type Caller, PATHS, type Scope } from '../../protocol/index.ts';
import type { BlobPort } from '../ports.ts';
import { requireCaller } from '../visitor.ts';

interface Params {
  Params: { sha256: string };
}

/**
 * Files in and out by digest. Nothing is decided about a document here: `doc.add` and `doc.download` do that through
 * the door, and a blob that neither of them names is swept. Bodies are streamed both ways and never held whole.
 */
export function blobRoutes(
  app: FastifyInstance,
  { blobs, recovery }: { blobs: BlobPort; recovery?: string | undefined },
): void {
  app.get<Params>(`${PATHS.blobs}:sha256`, async (request, reply) => {
    need(request, 'doc.read', 'a download');
    return await send(blobs, request, reply);
  });

  app.get<Params>(`${PATHS.uploads}:sha256`, async (request, reply) => {
    const owner = ownerOf(need(request, 'doc.write', 'an upload'));
    void reply.header('cache-control', 'no-store');
    return { sha256: request.params.sha256, ...(await blobs.received(owner, request.params.sha256)) };
  });

  // In a scope of its own: here a body is a stream whatever its type says.
  app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, parsed) => parsed(null, payload));
    scope.put<Params>(`${PATHS.uploads}:sha256`, { bodyLimit: blobs.maxBytes }, async (request, reply) => {
      const caller = need(request, 'doc.write', 'an upload');
      if (recovery !== undefined) throw fail('RECOVERY_MODE', { reason: recovery });
      const { sha256 } = request.params;
      const part = partOf(request);
      const state = await blobs.receive(ownerOf(caller), sha256, part, bodyOf(request));
      void reply.header('cache-control', 'no-store').code(state.complete ? 201 : 200);
      return { sha256, ...state, ...(state.complete ? { url: `${PATHS.blobs}${sha256}` } : {}) };
    });
    done();
  });
}

async function send(blobs: BlobPort, request: FastifyRequest<Params>, reply: FastifyReply): Promise<FastifyReply> {
  const { sha256 } = request.params;
  const bytes = await blobs.stat(sha256);
  if (bytes === undefined) throw fail('BLOB_NOT_FOUND', { sha256 });
  void reply.headers({
    'content-type': 'application/octet-stream',
    'content-disposition': `attachment; filename="${sha256}"`,
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
    'accept-ranges': 'bytes',
    etag: `"${sha256}"`,
  });
  const range = rangeOf(request, sha256, bytes);
  if (range === 'unsatisfiable') {
    void reply.removeHeader('content-disposition');
    return await reply.code(416).header('content-range', `bytes */${bytes}`).send('');
  }
  if (range) void reply.code(206).header('content-range', `bytes ${range.from}-${range.to}/${bytes}`);
  void reply.header('content-length', range ? range.to - range.from + 1 : bytes);
  return await reply.send(await blobs.stream(sha256, range));
}

/** RFC 9110 section 14.2: one range of bytes; several, or what is no range, mean the whole. `If-Range` by entity tag. */
function rangeOf(
  request: FastifyRequest,
  sha256: string,
  bytes: number,
): { from: number; to: number } | 'unsatisfiable' | undefined {
  const { range, 'if-range': ifRange } = request.headers;
  if (ifRange !== undefined && ifRange !== `"${sha256}"`) return undefined;
  const found = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(range ?? '');
  if (!found || (found[1] === '' && found[2] === '')) return undefined;
  const [, first, last] = found;
  const from = first === '' ? Math.max(0, bytes - Number(last)) : Number(first);
  const to = first === '' || last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1);
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  return from >= bytes || (first === '' && Number(last) === 0) ? 'unsatisfiable' : { from, to };
}

/** Which bytes a request brings: all, or those that `Content-Range: bytes 0-99/1234` names. */
function partOf(request: FastifyRequest): { from: number; length: number | undefined; total: number | undefined } {
  const header = request.headers['content-range'];
  const declared = request.headers['content-length'];
  const length = declared === undefined ? undefined : Number(declared);
  if (header === undefined) return { from: 0, length, total: length };
  const found = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(header);
  const [from, to, total] = (found ?? []).slice(1).map(Number) as [number, number, number];
  if (!found || to < from || to >= total)
    throw fail('REQUEST_INVALID', { reason: 'Content-Range is not bytes first-last/total' });
  if (length !== undefined && length !== to - from + 1)
    throw fail('REQUEST_INVALID', { reason: 'Content-Range and Content-Length differ' });
  return { from, length: to - from + 1, total };
}

/** A connection that breaks is nobody's fault: what came stays, and the client goes on from there. */
async function* bodyOf(request: FastifyRequest): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of request.raw) yield chunk as Uint8Array;
  } catch (error) {
    throw fail('CANCELLED', {}, error);
  }
}

function need(request: FastifyRequest, scope: Scope, operation: string): Caller {
  const caller = requireCaller(request);
  if (!caller.scopes.includes(scope)) throw fail('SCOPE_MISSING', { operation, scope });
  return caller;
}

/** An upload goes on from any device of the same person, and only of theirs. */
function ownerOf(caller: Caller): string {
  return caller.personId ?? caller.kind;
}
