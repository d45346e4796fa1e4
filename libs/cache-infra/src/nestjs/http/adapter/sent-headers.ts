import type { ServerResponse } from 'node:http';
import { finished } from 'node:stream';

import { whenHeadersSent } from '../../observe/response-headers.js';

/** The headers of a response as sent: with a cookie, without a cookie, or never, because the client disconnected. */
export type SentHeaders = 'with-cookie' | 'without-cookie' | 'never';

/** Resolves when the headers of a response are sent, or when the response ends without headers. */
export function sentHeadersOf(raw: ServerResponse): Promise<SentHeaders> {
  return new Promise((resolve) => {
    whenHeadersSent(raw, (args) => {
      resolve(hasCookie(raw) || args.some(holdsCookie) ? 'with-cookie' : 'without-cookie');
    });
    // HTTP/2 sends the headers of an empty response without `writeHead()`.
    finished(raw, { readable: false }, () => {
      if (!raw.headersSent) resolve('never');
      else resolve(hasCookie(raw) ? 'with-cookie' : 'without-cookie');
    });
  });
}

function hasCookie(raw: ServerResponse): boolean {
  return raw.getHeader('set-cookie') !== undefined;
}

/** True if an argument of `writeHead()` contains a `Set-Cookie` header. */
export function holdsCookie(headers: unknown): boolean {
  if (typeof headers !== 'object' || headers === null) return false;
  const names: readonly unknown[] = Array.isArray(headers) ? headers.flat() : Object.keys(headers);
  return names.some((name) => String(name).toLowerCase() === 'set-cookie');
}
