import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { contentSecurityPolicy, PAGE_HEADERS } from '../../protocol/index.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.webmanifest': 'application/manifest+json',
  '.json': 'application/json',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
};

/** Pages of the app; the router of the app itself shows the right screen, so deep links open. */
const PAGES = [
  '/',
  '/pair',
  '/tasks',
  '/tasks/*',
  '/documents',
  '/documents/*',
  '/approvals',
  '/approvals/*',
  '/more',
  '/more/*',
  '/new',
  '/new/*',
];

interface Asset {
  body: Buffer;
  type: string;
  etag: string;
}

/**
 * The web app, read into memory once (it is under 200 KB): no path of a request ever reaches the file system. HTML is
 * never cached and carries the policy; hashed assets are immutable.
 */
export function webRoutes(app: FastifyInstance, { webRoot }: { webRoot: string | undefined }): void {
  const assets = webRoot === undefined ? new Map<string, Asset>() : readAssets(webRoot);
  const page = assets.get('/index.html');
  for (const path of PAGES) {
    app.get(path, (request, reply) => {
      const headers = {
        ...PAGE_HEADERS,
        'content-security-policy': contentSecurityPolicy(request.headers.host ?? ''),
        'cache-control': 'no-store',
        'strict-transport-security': 'max-age=31536000',
      };
      void reply.headers(headers).type(TYPES['.html']!);
      return page?.body ?? NOT_BUILT;
    });
  }
  for (const [path, asset] of assets) {
    if (path === '/index.html') continue;
    app.get(path, (request, reply) => {
      const caching = path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';
      void reply
        .headers({ 'cache-control': caching, etag: asset.etag, 'x-content-type-options': 'nosniff' })
        .type(asset.type);
      if (request.headers['if-none-match'] === asset.etag) return reply.code(304).send();
      return reply.send(asset.body);
    });
  }
}

function readAssets(root: string): Map<string, Asset> {
  const assets = new Map<string, Asset>();
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const type = TYPES[extname(entry.name)];
    if (!type) continue;
    const file = join(entry.parentPath, entry.name);
    const body = readFileSync(file);
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
    assets.set(`/${file.slice(root.length).replace(/^[\\/]+/, '')}`, { body, type, etag });
  }
  return assets;
}

const NOT_BUILT =
  '<!doctype html><meta charset="utf-8"><title>Jingu</title><p>The web app is not built. Run: npm run build:web</p>';
