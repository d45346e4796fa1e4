import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';

import type { PageFile } from '../page/content.js';
import type { DashboardRefusal } from '../refusal.js';
import type { DashboardError } from '../state.js';

/** Bodies below this many bytes are not compressed. */
const smallestGzipped = 128;

/** Headers of every answer. `frameAncestors`: who may show the page in a frame, in the words of CSP. */
export function securityHeaders(frameAncestors: string): Readonly<Record<string, string>> {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    `frame-ancestors ${frameAncestors}`,
  ];
  return {
    'Content-Security-Policy': policy.join('; '),
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'X-Robots-Tag': 'noindex',
    // A browser that knows frame-ancestors ignores this one; it has no word for a list of origins.
    ...(frameAncestors === "'none'" ? { 'X-Frame-Options': 'DENY' } : {}),
    ...(frameAncestors === "'self'" ? { 'X-Frame-Options': 'SAMEORIGIN' } : {}),
  };
}

/** Writes answers with the headers that all of them have. */
export class Answers {
  readonly #security: Readonly<Record<string, string>>;
  readonly #files = new WeakMap<PageFile, { readonly etag: string; readonly gzipped: Buffer | undefined }>();

  constructor(frameAncestors: string) {
    this.#security = securityHeaders(frameAncestors);
  }

  json(request: IncomingMessage, response: ServerResponse, data: unknown): void {
    this.#send(request, response, 200, jsonText(data));
  }

  refusal(request: IncomingMessage, response: ServerResponse, refusal: DashboardRefusal): void {
    const body: DashboardError = { error: refusal.message };
    this.#send(request, response, refusal.status, jsonText(body), refusal.headers);
  }

  /** An error that is none of the client's business. */
  failure(request: IncomingMessage, response: ServerResponse): void {
    const body: DashboardError = {
      error: 'The dashboard failed to answer: the log of the application says why.',
    };
    this.#send(request, response, 500, jsonText(body));
  }

  redirect(response: ServerResponse, location: string): void {
    this.#head(response, 302, { Location: location, 'Cache-Control': 'no-store', 'Content-Length': '0' });
    response.end();
  }

  /** The browser asks each time whether the file has changed. */
  file(request: IncomingMessage, response: ServerResponse, file: PageFile): void {
    const { etag, gzipped } = this.#prepared(file);
    const headers = { ETag: etag, 'Cache-Control': 'private, no-cache', Vary: 'Accept-Encoding' };
    if (matchesTag(request, etag)) {
      this.#head(response, 304, headers);
      response.end();
      return;
    }
    const isGzipped = gzipped !== undefined && acceptsGzip(request);
    const body = isGzipped ? gzipped : Buffer.from(file.body);
    this.#head(response, 200, {
      ...headers,
      'Content-Type': file.type,
      'Content-Length': String(body.length),
      ...(isGzipped ? { 'Content-Encoding': 'gzip' } : {}),
    });
    response.end(request.method === 'HEAD' ? undefined : body);
  }

  /** Opens a stream of server-sent events. Buffers of proxies are told to let it through. */
  eventStream(response: ServerResponse): void {
    this.#head(response, 200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store, no-transform',
      'X-Accel-Buffering': 'no',
      Connection: 'close',
    });
    response.flushHeaders();
  }

  #send(
    request: IncomingMessage,
    response: ServerResponse,
    status: number,
    text: string,
    more: Readonly<Record<string, string>> = {},
  ): void {
    this.#head(response, status, {
      'Content-Type': 'application/json; charset=utf-8',
      'Content-Length': String(Buffer.byteLength(text)),
      'Cache-Control': 'no-store',
      ...more,
    });
    response.end(request.method === 'HEAD' ? undefined : text);
  }

  #head(response: ServerResponse, status: number, headers: Readonly<Record<string, string>>): void {
    // CORS of the application must not open the dashboard to other sites.
    for (const name of response.getHeaderNames())
      if (name.startsWith('access-control-')) response.removeHeader(name);
    response.statusCode = status;
    for (const [name, value] of Object.entries({ ...this.#security, ...headers }))
      response.setHeader(name, value);
  }

  #prepared(file: PageFile): { readonly etag: string; readonly gzipped: Buffer | undefined } {
    const known = this.#files.get(file);
    if (known !== undefined) return known;
    const body = Buffer.from(file.body);
    const digest = createHash('sha256').update(body).digest('base64url').slice(0, 22);
    const gzipped = body.length < smallestGzipped ? undefined : gzipSync(body, { level: 9 });
    // Weak: the gzipped and the plain form share it.
    const prepared = { etag: `W/"${digest}"`, gzipped };
    this.#files.set(file, prepared);
    return prepared;
  }
}

/** JSON that stays data wherever it is pasted: no `<` that HTML could read. */
export function jsonText(data: unknown): string {
  return JSON.stringify(data).replace(/[<>&\u2028\u2029]/g, (it) => {
    return `\\u${it.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

function matchesTag(request: IncomingMessage, etag: string): boolean {
  const given = request.headers['if-none-match'];
  return given?.split(',').some((each) => each.trim() === etag) === true;
}

function acceptsGzip(request: IncomingMessage): boolean {
  const given = request.headers['accept-encoding'] ?? '';
  const [found, quality = '1'] = /(?:^|,)\s*(?:gzip|\*)\s*(?:;\s*q=([\d.]+))?\s*(?=,|$)/i.exec(given) ?? [];
  return found !== undefined && Number(quality) > 0;
}
