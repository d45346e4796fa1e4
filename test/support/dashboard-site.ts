import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach } from '@jest/globals';

import { localOnly } from '../../libs/cache-infra/src/dashboard/access/local-only.js';
import {
  createDashboardHandler,
  type DashboardAudit,
  type DashboardHandlerOptions,
} from '../../libs/cache-infra/src/dashboard/dashboard-handler.js';
import type {
  DashboardSource,
  DashboardView,
} from '../../libs/cache-infra/src/dashboard/dashboard-source.js';
import type { DashboardTarget } from '../../libs/cache-infra/src/dashboard/state.js';
import {
  windowNames,
  type WindowName,
  type WindowReport,
} from '../../libs/cache-infra/src/monitoring/windows/window-report.js';

/** A key that closes tags and quotes. */
export const hostile = `</script><img src=x onerror=alert(1)>&"'\u2028`;
const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((close) => close()));
});

const noWindows = Object.fromEntries(
  windowNames.map((window): [WindowName, WindowReport] => [
    window,
    {
      ...{ window, stepSeconds: 1, endsAt: 1 },
      ...{ caches: [], operations: [], groups: [], routes: [], topKeys: [], topTags: [] },
    },
  ]),
) as Record<WindowName, WindowReport>;

/** A state without caches. */
export function view(shown: string | null): DashboardView {
  return {
    at: 1,
    source: 'redis',
    instances: [],
    shown,
    summary: { caches: [], ai: [], windows: noWindows },
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  readonly text: string;
  readonly json: () => unknown;
}

export interface Site {
  readonly port: number;
  readonly targets: readonly DashboardTarget[];
  readonly audits: readonly DashboardAudit[];
  readonly errors: readonly unknown[];
  readonly asked: readonly (string | null)[];
  ask(path: string, options?: AskOptions): Promise<Answer>;
  stream(path?: string): Promise<Stream>;
  token(): Promise<string>;
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Answer>;
  close(): void;
}

export interface AskOptions {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}

export interface Stream {
  readonly status: number;
  /** Resolves with the next message or comment. */
  next(): Promise<string>;
  readonly ended: Promise<void>;
  leave(): void;
}

/** The token in the page; empty = the dashboard is read-only. */
export function tokenIn(html: string): string {
  return /name="cache-dashboard-token" content="([^"]*)"/.exec(html)?.[1] ?? 'none';
}

/** The dashboard on a server of Node, which is closed after the test. */
export async function site(
  options: Partial<DashboardHandlerOptions> & { readonly withoutActions?: boolean } = {},
  source: Partial<DashboardSource> = {},
): Promise<Site> {
  const { withoutActions = false, ...given } = options;
  const targets: DashboardTarget[] = [];
  const audits: DashboardAudit[] = [];
  const errors: unknown[] = [];
  const asked: (string | null)[] = [];
  const handler = createDashboardHandler(
    {
      state: (shown) => {
        asked.push(shown);
        return Promise.resolve(view(shown));
      },
      ...(withoutActions ? {} : actions(targets)),
      ...source,
    },
    {
      access: localOnly,
      everyMs: 20,
      onInvalidated: (audit) => audits.push(audit),
      onError: (error) => errors.push(error),
      ...given,
    },
  );
  const server = createServer((request, response) => {
    const url = request.url ?? '';
    if (url.startsWith('/tools/cache'))
      void handler.handle({ request, response, mount: '/tools/cache', target: url.slice(12) });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  open.push(
    () =>
      new Promise((resolve) => {
        handler.close();
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  );
  const ask: Site['ask'] = (path, { method = 'GET', headers = {}, body } = {}) =>
    new Promise((resolve, reject) => {
      const sent = httpRequest({ port, path: `/tools/cache${path}`, method, headers }, (message) => {
        const chunks: Buffer[] = [];
        message.on('data', (chunk: Buffer) => chunks.push(chunk));
        message.on('end', () => {
          const whole = Buffer.concat(chunks);
          const text = whole.toString();
          const { statusCode: status = 0, headers: fields } = message;
          resolve({ status, headers: fields, body: whole, text, json: () => JSON.parse(text) as unknown });
        });
      });
      sent.on('error', reject);
      sent.end(body);
    });
  const token = async (): Promise<string> => tokenIn((await ask('/')).text);
  return {
    ...{ port, targets, audits, errors, asked, ask, token },
    stream: (path = '/api/events') => openStream(port, `/tools/cache${path}`),
    post: async (path, body, headers = {}) =>
      ask(path, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'sec-fetch-site': 'same-origin',
          'x-cache-dashboard-token': await token(),
          ...headers,
        },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    close: () => {
      handler.close();
    },
  };
}

function actions(targets: DashboardTarget[]): Pick<DashboardSource, 'preview' | 'invalidate'> {
  return {
    preview: (target) => {
      targets.push(target);
      return Promise.resolve({ count: 2, isComplete: true, examples: [hostile] });
    },
    invalidate: (target) => {
      targets.push(target);
      return Promise.resolve({ removed: 2 });
    },
  };
}

function openStream(port: number, path: string): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ port, path }, (message) => {
      let text = '';
      let wake = (): void => undefined;
      message.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        wake();
      });
      const ended = new Promise<void>((end) => {
        message.on('close', end);
      });
      const next = async (): Promise<string> => {
        while (!text.includes('\n\n')) await new Promise<void>((more) => (wake = more));
        const at = text.indexOf('\n\n');
        const part = text.slice(0, at);
        text = text.slice(at + 2);
        return part;
      };
      resolve({ status: message.statusCode ?? 0, next, ended, leave: () => sent.destroy() });
    });
    sent.on('error', (error: Error) => {
      reject(error);
    });
    sent.end();
  });
}

export const key: DashboardTarget = { kind: 'key', cache: 'default', key: 'a' };
