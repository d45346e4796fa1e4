import type { ServerResponse } from 'node:http';

import { beforeHeaders } from '../../observe/response-headers.js';
import { holdsCookie } from './sent-headers.js';

/**
 * Removes the headers `names` (in lower case) from a response as soon as a cookie is set: such a response is for one
 * client. Session middleware of Express sets its cookie by `setHeader()`, possibly inside of `writeHead()`; Fastify
 * passes all headers to `writeHead()`.
 */
export function removeWithCookie(raw: ServerResponse, names: readonly string[]): void {
  let passed: readonly unknown[] = [];
  const remove = (): void => {
    for (const name of names) raw.removeHeader(name);
    for (const headers of passed) if (isRecord(headers)) removeFrom(headers, names);
  };
  beforeHeaders(raw, (args) => {
    passed = args;
    if (raw.getHeader('set-cookie') !== undefined || args.some(holdsCookie)) remove();
  });
  for (const method of ['setHeader', 'appendHeader'] as const) {
    const set = raw[method].bind(raw);
    raw[method] = (name: string, value: string & readonly string[]) => {
      set(name, value);
      if (name.toLowerCase() === 'set-cookie') remove();
      return raw;
    };
  }
}

function removeFrom(headers: Record<string, unknown>, names: readonly string[]): void {
  for (const name of Object.keys(headers)) {
    if (names.includes(name.toLowerCase())) Reflect.deleteProperty(headers, name);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
