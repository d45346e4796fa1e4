import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

import { DashboardRefusal } from '../refusal.js';
import { headerOf } from '../serve/exchange.js';
import { digestOf } from './basic-auth.js';

/** The header of a POST that carries the token. */
export const tokenHeader = 'x-cache-dashboard-token';

/** `page`: the page and its files. `read`: data. `action`: a POST. */
export type Purpose = 'page' | 'read' | 'action';

/**
 * Refuses what the script of another site asks for. A browser says where a request comes from: in `Sec-Fetch-Site`, and
 * towards plain HTTP in `Origin`. A link from another site may open the page itself; an action must come from the page.
 *
 * @throws DashboardRefusal
 */
export function refuseOtherSites(request: IncomingMessage, purpose: Purpose): void {
  const site = headerOf(request, 'sec-fetch-site');
  if (site !== undefined) {
    if (site === 'same-origin' || (site === 'none' && purpose !== 'action')) return;
    if (purpose === 'page' && headerOf(request, 'sec-fetch-mode') === 'navigate') return;
    throw new DashboardRefusal(403, 'Another site asked for this: open the dashboard itself.');
  }
  const origin = headerOf(request, 'origin');
  if (origin === undefined) {
    if (purpose !== 'action') return;
    throw new DashboardRefusal(403, 'An action needs the header Sec-Fetch-Site or Origin: browsers send it.');
  }
  if (isOwnOrigin(request, origin)) return;
  throw new DashboardRefusal(403, 'Another origin asked for this: open the dashboard itself.');
}

function isOwnOrigin(request: IncomingMessage, origin: string): boolean {
  const host = headerOf(request, 'host');
  return host !== undefined && (origin === `http://${host}` || origin === `https://${host}`);
}

/** The token that a POST must send back. Other sites cannot read it. */
export class ActionToken {
  readonly text: string;
  readonly #digest: Buffer;

  /** `secret`: what instances with the same token share. Default: a random token. */
  constructor(secret: string | undefined) {
    this.text =
      secret === undefined
        ? randomBytes(32).toString('base64url')
        : createHmac('sha256', secret).update('cache dashboard token').digest('base64url');
    this.#digest = digestOf(this.text);
  }

  /** @throws DashboardRefusal unless the request has the token */
  assert(request: IncomingMessage): void {
    const given = request.headers[tokenHeader];
    if (typeof given === 'string' && timingSafeEqual(digestOf(given), this.#digest)) return;
    throw new DashboardRefusal(403, `The header ${tokenHeader} is missing or outdated: reload the page.`);
  }
}
