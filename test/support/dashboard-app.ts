import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach } from '@jest/globals';
import {
  Module,
  type INestApplication,
  type LoggerService,
  type ModuleMetadata,
  type Type,
} from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { CacheInfraModule, type CacheInfraModuleOptions } from 'nestjs-cache-infra';
import { CacheDashboardModule, type CacheDashboardOptions } from 'nestjs-cache-infra/dashboard';

import { tokenIn } from './dashboard-site.js';
import type { AdapterName } from './http-cache-app.js';

export interface DashboardApp {
  readonly app: INestApplication;
  readonly port: number;
  /** Lines of the logger: level and text. */
  readonly log: readonly string[];
  ask(path: string, options?: AskOptions): Promise<DashboardAnswer>;
  /** A POST as the page sends it. */
  act(path: string, body: unknown, options?: ActOptions): Promise<DashboardAnswer>;
}

export interface AskOptions {
  readonly method?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
}

export interface ActOptions {
  /** Default: `/cache`. */
  readonly mount?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface DashboardAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface DashboardAppOptions {
  readonly adapter: AdapterName;
  /** Default: `forRoot()`. */
  readonly dashboard?: CacheDashboardOptions | ReturnType<typeof CacheDashboardModule.forRoot> | undefined;
  readonly cache?: CacheInfraModuleOptions | undefined;
  readonly more?: ModuleMetadata | undefined;
  readonly prepare?: ((app: INestApplication) => unknown) | undefined;
}

/** Called at the top of a file: the applications that it boots are closed after each test. */
export function dashboardApps(): (options: DashboardAppOptions) => Promise<DashboardApp> {
  const open: INestApplication[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((each) => each.close()));
  });
  return async (options) => {
    const booted = await bootDashboard(options);
    open.push(booted.app);
    return booted;
  };
}

async function bootDashboard(options: DashboardAppOptions): Promise<DashboardApp> {
  const { adapter, dashboard = {}, cache = {}, more = {}, prepare } = options;
  @Module(more)
  class MoreModule {}
  const imports = [
    CacheInfraModule.forRoot(cache),
    'module' in dashboard ? dashboard : CacheDashboardModule.forRoot(dashboard),
    MoreModule as Type,
  ];
  const log: string[] = [];
  const module = await Test.createTestingModule({ imports }).setLogger(loggerTo(log)).compile();
  const app = module.createNestApplication(
    adapter === 'Express' ? new ExpressAdapter() : new FastifyAdapter(),
  );
  await prepare?.(app);
  await app.listen(0, '127.0.0.1');
  const { port } = (app.getHttpServer() as { address(): AddressInfo }).address();
  const ask: DashboardApp['ask'] = (path, asked) => send(port, path, asked);
  return {
    ...{ app, port, log, ask },
    act: async (path, body, { mount = '/cache', headers = {} } = {}) =>
      ask(`${mount}${path}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'sec-fetch-site': 'same-origin',
          'x-cache-dashboard-token': tokenIn((await ask(`${mount}/`, { headers })).text),
          ...headers,
        },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
  };
}

function send(port: number, path: string, options: AskOptions = {}): Promise<DashboardAnswer> {
  const { method = 'GET', headers = {}, body } = options;
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ port, path, method, headers }, (message) => {
      let text = '';
      message.on('data', (chunk: Buffer) => (text += chunk.toString()));
      message.on('end', () => {
        resolve({ status: message.statusCode ?? 0, headers: message.headers, text });
      });
      message.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

function loggerTo(log: string[]): LoggerService {
  const to =
    (level: string) =>
    (message: unknown): void => {
      log.push(`${level} ${String(message)}`);
    };
  return { log: to('log'), warn: to('warn'), error: to('error') };
}
