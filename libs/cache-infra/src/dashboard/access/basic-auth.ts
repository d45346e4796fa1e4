import { createHash, timingSafeEqual } from 'node:crypto';

import { DashboardRefusal } from '../refusal.js';
import type { AccessRule } from './access.js';

/** A user and a password for HTTP Basic authentication (RFC 7617). */
export interface BasicAuth {
  readonly user: string;
  readonly password: string;
}

/** Lets in requests with this user and password. Compares in constant time. Send passwords over TLS only. */
export function basicAuthRule({ user, password }: BasicAuth): AccessRule {
  const expected = digestOf(`${user}:${password}`);
  return ({ request }) => {
    const [, credentials] = /^basic +([a-z0-9+/=_-]+) *$/i.exec(request.headers.authorization ?? '') ?? [];
    const given = credentials === undefined ? '' : Buffer.from(credentials, 'base64').toString('utf8');
    if (timingSafeEqual(digestOf(given), expected)) return { allowed: true, who: user };
    const refusal = new DashboardRefusal(401, 'The dashboard needs a user and a password (basicAuth).', {
      'WWW-Authenticate': 'Basic realm="cache dashboard", charset="UTF-8"',
    });
    return { allowed: false, refusal };
  };
}

/** Texts of any length become equally long. */
export function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
