import type { IncomingMessage } from 'node:http';

import { guideUrl } from '../../base/guide-url.js';
import { DashboardRefusal } from '../refusal.js';
import type { AccessRule } from './access.js';

/** Headers that proxies add. `x-forwarded-*` is matched by its beginning. */
const proxyHeaders = ['forwarded', 'via', 'x-real-ip', 'x-client-ip', 'true-client-ip', 'cf-connecting-ip'];

const guide = guideUrl('dashboard.md#access');
const help = `set guard or basicAuth of CacheDashboardModule.forRoot() to open it to others: ${guide}`;

/** Refuses everybody: the rule in production for a dashboard without guard and basicAuth. */
export const closed: AccessRule = () => ({
  allowed: false,
  refusal: new DashboardRefusal(403, `The dashboard is closed in production (NODE_ENV): ${help}`),
});

/**
 * Lets in requests from this machine only.
 *
 * The address of the socket must be a loopback address, and the `Host` header must name one: a foreign site whose name
 * resolves to 127.0.0.1 (DNS rebinding) has another `Host`. A request with a header of a proxy comes from elsewhere. So
 * does one of HTTP/1.0, the default of nginx towards its upstream.
 */
export const localOnly: AccessRule = localOnlyRule(() => help);

/** As {@link localOnly}. `help` returns the end of a refusal: what its reader can do. */
export function localOnlyRule(help: (request: IncomingMessage) => string): AccessRule {
  return ({ request }) => {
    const reason = foreignBy(request);
    if (reason === undefined) return { allowed: true };
    const message = `The dashboard answers this machine only, ${reason}: ${help(request)}`;
    return { allowed: false, refusal: new DashboardRefusal(403, message) };
  };
}

function foreignBy(request: IncomingMessage): string | undefined {
  if (!isLoopbackAddress(request.socket.remoteAddress)) return 'and the request comes from another';
  const isProxied = Object.keys(request.headers).some(
    (name) => name.startsWith('x-forwarded-') || proxyHeaders.includes(name),
  );
  if (isProxied || request.httpVersion === '1.0') return 'and the request comes through a proxy';
  const { host } = request.headers;
  if (host === undefined || !isLoopbackHost(host)) return 'by a loopback name such as localhost';
  return undefined;
}

export function isLoopbackAddress(address: string | undefined): boolean {
  if (address === undefined) return false;
  return address === '::1' || /^(?:::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/i.test(address);
}

/** `localhost`, a name below it, 127.0.0.0/8 or `[::1]`, with or without a port. */
export function isLoopbackHost(host: string): boolean {
  return /^(?:(?:[a-z0-9-]+\.)*localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(?::\d{1,5})?$/i.test(host);
}
