import type { IncomingMessage } from 'node:http';

import { DashboardRefusal } from '../refusal.js';
import type { DashboardExchange } from './exchange.js';

/** Most bytes of a body: a key or pattern with its names. */
export const maxBodyBytes = 16_384;

/**
 * The JSON of a POST.
 *
 * @throws DashboardRefusal for another content type, a body above {@link maxBodyBytes}, and invalid JSON
 */
export async function jsonBody({ request, body }: DashboardExchange): Promise<unknown> {
  const type = /^\s*([^;\s]*)/.exec(request.headers['content-type'] ?? '')?.[1]?.toLowerCase();
  // Forms of other sites cannot send this type without asking first.
  if (type !== 'application/json') {
    throw new DashboardRefusal(415, 'The body must be JSON, with the content type application/json.');
  }
  if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) throw tooLarge();
  // Express and Fastify parse JSON before the dashboard gets the request.
  if (body !== undefined) {
    if (JSON.stringify(body).length > maxBodyBytes) throw tooLarge();
    return body;
  }
  const text = await textOf(request);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new DashboardRefusal(400, 'The body is not valid JSON.');
  }
}

/** Does not destroy the request, whose socket carries the answer. */
function textOf(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    // Another parser has read it and kept nothing.
    if (request.readableEnded) reject(new DashboardRefusal(400, 'The body is empty.'));
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxBodyBytes) reject(tooLarge());
      else chunks.push(chunk);
    });
    request.on('end', () => {
      resolve(Buffer.concat(chunks).toString('utf8'));
    });
    request.on('close', () => {
      reject(new DashboardRefusal(400, 'The body ended early.'));
    });
  });
}

function tooLarge(): DashboardRefusal {
  const message = `The body must not exceed ${String(maxBodyBytes)} bytes.`;
  return new DashboardRefusal(413, message, { Connection: 'close' });
}
