import type { IncomingMessage, ServerResponse } from 'node:http';

/** One request to the dashboard, on any HTTP server of Node. */
export interface DashboardExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The path of the request up to the dashboard: `/api/cache`; `''` where the dashboard is at the root. */
  readonly mount: string;
  /** Path and query below the mount, as sent: `''`, `/`, `/api/state?instance=…`. */
  readonly target: string;
  /** The body, if the server has parsed it already. */
  readonly body?: unknown;
  /** The address of the client, for the audit. Default: that of the socket. */
  readonly ip?: string | undefined;
  /** What the framework adds: its request and response for guards, and its part of the answer. */
  readonly platform?: Platform | undefined;
}

/** The framework below a dashboard. */
export interface Platform {
  readonly request: object;
  readonly response: object;
  /** True if a guard has answered by itself. */
  isAnswered(): boolean;
  /** Called before the handler answers: the framework must not answer from then on. */
  take(): void;
}

/** Path and search parameters of a target. */
export function parsedTarget(target: string): { path: string; query: URLSearchParams } {
  const at = target.indexOf('?');
  if (at === -1) return { path: target, query: new URLSearchParams() };
  return { path: target.slice(0, at), query: new URLSearchParams(target.slice(at + 1)) };
}

/** The first value of a header, in lower case; undefined = the request does not have it. */
export function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return (Array.isArray(value) ? value[0] : value)?.toLowerCase();
}
