import { randomUUID } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import {
  All,
  Controller,
  Injectable,
  Req,
  Res,
  type INestApplication,
  type Provider,
  type Type,
} from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { Cache, CacheInfraModule, HttpCacheInterceptor, type RedisCache } from 'nestjs-cache-infra';

import { engineOf } from '../../libs/cache-infra/src/cache/tiered-cache.js';
import { armed } from './armed.js';
import { ManualClock } from './manual-clock.js';
import { testRedisUrl } from './redis.js';
import { until } from './until.js';

export const adapters = ['Express', 'Fastify'] as const;
export const tiers = ['memory', 'Redis'] as const;
export type AdapterName = (typeof adapters)[number];
export type TierName = (typeof tiers)[number];

/** Every adapter with every tier. */
export const matrix = adapters.flatMap((adapter) => tiers.map((tier) => [adapter, tier] as const));

/** What Express' response and Fastify's reply share. */
export interface Reply {
  status(code: number): Reply;
  header(name: string, value: string | readonly string[]): Reply;
  send(body?: unknown): unknown;
}

export interface AppRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string | undefined>;
}

/** What the handler does for one request. */
export type Script = (request: AppRequest, reply: Reply) => unknown;

/** A handler that does what the test says. */
@Injectable()
export class Origin {
  requests: string[] = [];
  script: Script = () => 'nothing';

  answer(request: AppRequest, reply: Reply): unknown {
    this.requests.push(`${request.method} ${request.url}`);
    return this.script(request, reply);
  }
}

/** Without `@HttpCache()`: what is stored says so itself. */
@Controller('origin')
export class OriginController {
  constructor(private readonly origin: Origin) {}

  @All(':path')
  answer(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }
}

export type RequestHeaders = Record<string, string | string[]>;

export interface TestApp {
  readonly app: INestApplication;
  readonly clock: ManualClock;
  readonly origin: Origin;
  readonly url: string;
  fetch(path: string, headers?: RequestHeaders, method?: string): Promise<Response>;
  close(): Promise<void>;
}

export interface BootOptions {
  readonly adapter: AdapterName;
  readonly tier: TierName;
  readonly controllers: readonly Type[];
  readonly more?: readonly Provider[];
  readonly prepare?: (app: INestApplication) => unknown;
  readonly cache?: object;
  /** Default: globally. */
  readonly bound?: boolean;
}

export async function bootApp(options: BootOptions): Promise<TestApp> {
  const { adapter, tier, controllers, more = [], cache = {}, bound = true } = options;
  const clock = new ManualClock(Date.now());
  const redis = tier === 'Redis' ? { redisUrl: testRedisUrl(), keyPrefix: `test-${randomUUID()}` } : {};
  const global = bound ? [{ provide: APP_INTERCEPTOR, useExisting: HttpCacheInterceptor }] : [];
  const module = await Test.createTestingModule({
    imports: [CacheInfraModule.forRoot({ ...redis, advanced: { clock }, ...cache })],
    controllers: [...controllers],
    providers: [Origin, ...more, ...global],
  }).compile();
  module.useLogger(false);
  const app = module.createNestApplication(
    adapter === 'Express' ? new ExpressAdapter() : new FastifyAdapter(),
  );
  options.prepare?.(app);
  await app.listen(0, '127.0.0.1');
  if (tier === 'Redis') await armed(app.get<RedisCache>(Cache));
  const { port } = (app.getHttpServer() as { address(): AddressInfo }).address();
  const url = `http://127.0.0.1:${String(port)}`;
  return {
    app,
    clock,
    url,
    origin: app.get(Origin),
    fetch: (path, headers = {}, method = 'GET') => ask(url + path, headers, method),
    close: () => app.close(),
  };
}

/** Called at the top of a file: the applications that it boots are closed after each test. */
export function appsOfTest(): (options: BootOptions) => Promise<TestApp> {
  const open: TestApp[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((each) => each.close()));
  });
  return async (options) => {
    const app = await bootApp(options);
    open.push(app);
    return app;
  };
}

/** An application that all tests of a `describe` share. */
export interface Site {
  readonly app: INestApplication;
  readonly cache: Cache;
  readonly clock: ManualClock;
  readonly origin: Origin;
  readonly url: string;
  /** Runs of the handler in this test, as its script counts them. */
  runs: number;
  readonly get: TestApp['fetch'];
  /** The body of the response to a GET. */
  readonly text: (path: string, headers?: RequestHeaders) => Promise<string>;
  /**
   * The response to a GET that L1 answers alone, once nothing is being stored. Some responses are stored after they are
   * sent; a test that advances the clock before that writes with two times.
   */
  readonly hit: (path: string) => Promise<Response>;
  /** Waits until so many requests of this test wait for the run of another. */
  readonly joined: (count: number) => Promise<void>;
}

/**
 * Called in a `describe`: one application for all its tests. Before each test its cache is emptied, and its handler
 * returns the number of its runs.
 */
export function siteOf(options: BootOptions): Site {
  let booted: TestApp;
  let coalescedBefore = 0;
  const site: Site = {
    get app() {
      return booted.app;
    },
    get cache() {
      return booted.app.get(Cache);
    },
    get clock() {
      return booted.clock;
    },
    get origin() {
      return booted.origin;
    },
    get url() {
      return booted.url;
    },
    runs: 0,
    get: (path, headers, method) => booted.fetch(path, headers, method),
    text: async (path, headers) => (await booted.fetch(path, headers)).text(),
    hit: async (path) => {
      const readsOfRedis = (): number => {
        const { l2 } = site.cache.stats();
        return l2.hits + l2.misses;
      };
      const isWriting = (): boolean => {
        const { writes, loads } = engineOf(site.cache as RedisCache).work;
        return writes.size + loads.size > 0;
      };
      let response: Response | undefined;
      await until(async () => {
        const before = readsOfRedis();
        response = await booted.fetch(path);
        return handling(response).includes('; hit') && readsOfRedis() === before && !isWriting();
      }, `a hit in L1 for ${path}`);
      return response as Response;
    },
    joined: (count) =>
      until(() => site.cache.stats().coalesced - coalescedBefore === count, 'requests to join a run'),
  };
  beforeAll(async () => {
    booted = await bootApp(options);
  });
  afterAll(() => booted.close());
  beforeEach(async () => {
    await site.cache.clear();
    site.runs = 0;
    coalescedBefore = site.cache.stats().coalesced;
    site.origin.script = () => ({ run: ++site.runs });
  });
  return site;
}

/** How the cache says that it handled a request. */
export function handling(response: Response): string {
  return response.headers.get('cache-status') ?? '';
}

/** Sends what it is told and no more; the global `fetch` turns caches off when it is given a validator. */
export function ask(url: string, headers: RequestHeaders, method: string): Promise<Response> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(url, { headers, method }, (message) => {
      const chunks: Buffer[] = [];
      message.on('data', (chunk: Buffer) => chunks.push(chunk));
      message.on('error', reject);
      message.on('end', () => {
        const status = message.statusCode ?? 0;
        const fields = Object.entries(message.headersDistinct).flatMap(([name, values = []]) =>
          values.map((value): [string, string] => [name, value]),
        );
        const body = [204, 205, 304].includes(status) ? null : Buffer.concat(chunks);
        resolve(new Response(body, { status, headers: fields }));
      });
    });
    sent.on('error', reject);
    sent.end();
  });
}
