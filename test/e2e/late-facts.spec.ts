import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, Injectable, Logger, Module, Param, type INestApplication } from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  Cacheable,
  CacheInfraModule,
  CacheVaryProvider,
  withCacheContext,
  type CacheContext,
} from 'nestjs-cache-infra';
import request from 'supertest';

/** With a default: one that nobody may take for the tenant of a request that it did not see. */
const tenant = ({ request: incoming }: CacheContext): string =>
  (incoming?.headers['x-tenant'] as string | undefined) ?? 'public';

@Injectable()
class Reports {
  runs = 0;

  @Cacheable({ key: 'report', vary: ['tenant'] })
  async of(name: string): Promise<string> {
    this.runs += 1;
    return Promise.resolve(`report of ${name}`);
  }
}

@Injectable()
class Facts extends CacheVaryProvider {
  readonly facts = { tenant };
}

@Module({
  imports: [CacheInfraModule.forRoot({ name: 'late', vary: { tenant } })],
  providers: [Reports],
  exports: [Reports],
})
class ModuleWithFacts {}

@Module({
  imports: [CacheInfraModule.forRoot({ vary: { tenant } })],
  providers: [Reports],
  exports: [Reports],
})
class ModuleWithEverything {}

@Module({ providers: [Reports, { provide: CacheVaryProvider, useClass: Facts }], exports: [Reports] })
class ModuleWithProvider {}

@Controller('reports')
class ReportsController {
  static Lazy: typeof ModuleWithFacts = ModuleWithFacts;

  constructor(private readonly loader: LazyModuleLoader) {}

  @Get(':name')
  async of(@Param('name') name: string): Promise<string> {
    return (await this.reports()).of(name);
  }

  async reports(): Promise<Reports> {
    return (await this.loader.load(() => ReportsController.Lazy)).get(Reports);
  }
}

let app: INestApplication;
afterEach(async () => {
  jest.restoreAllMocks();
  await app.close();
});

async function start(imports: unknown[]): Promise<void> {
  const metadata = { imports: imports as [], controllers: [ReportsController] };
  app = (await Test.createTestingModule(metadata).compile()).createNestApplication();
  await app.init();
}

async function expectNobodyMixedUp(): Promise<void> {
  for (const name of ['ann', 'bob', 'ann']) await expect(get(name)).resolves.toBe(`report of ${name}`);
}

async function get(name: string): Promise<string> {
  const { text } = await request(app.getHttpServer() as Parameters<typeof request>[0])
    .get(`/reports/${name}`)
    .set('x-tenant', name);
  return text;
}

describe.each([
  ['a forRoot()', ModuleWithFacts],
  ['a CacheVaryProvider', ModuleWithProvider],
])('facts of a module that is loaded after the routes were created, from %s', (_from, lazy) => {
  it('share nothing between users: methods that vary by them run uncached, with a warning', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    ReportsController.Lazy = lazy;
    await start([CacheInfraModule.forRoot()]);
    await expectNobodyMixedUp();
    const warnings = warn.mock.calls.map(([message]) => String(message));
    expect(warnings.filter((message) => message.includes('after the routes were created'))).toHaveLength(1);
  });

  it('are known in a given context', async () => {
    jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    ReportsController.Lazy = lazy;
    await start([CacheInfraModule.forRoot()]);
    await get('ann');
    const reports = await app.get(ReportsController).reports();
    reports.runs = 0;
    const call = async (): Promise<string> =>
      withCacheContext({ type: 'job', request: { headers: { 'x-tenant': 'job' } } }, () => reports.of('job'));
    await expect(call()).resolves.toBe('report of job');
    await expect(call()).resolves.toBe('report of job');
    expect(reports.runs).toBe(1);
  });
});

describe('a CacheInfraModule that is loaded lazily, in an application that has none', () => {
  it('shares nothing between users', async () => {
    jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    ReportsController.Lazy = ModuleWithEverything;
    await start([]);
    await app.listen(0, '127.0.0.1');
    await expectNobodyMixedUp();
  });
});

describe('facts that are declared from the start', () => {
  it.each([
    ['a forRoot()', [CacheInfraModule.forRoot({ vary: { tenant } })]],
    [
      'the last of several',
      [CacheInfraModule.forRoot(), CacheInfraModule.forRoot({ name: 'b', vary: { tenant } })],
    ],
  ])('reach the requests, from %s', async (_from, imports) => {
    @Module({ providers: [Reports], exports: [Reports] })
    class Plain {}
    ReportsController.Lazy = Plain;
    await start(imports);
    await expectNobodyMixedUp();
    expect((await app.get(ReportsController).reports()).runs).toBe(2);
  });

  it('reach the requests, from a CacheVaryProvider', async () => {
    @Module({ providers: [Reports], exports: [Reports] })
    class Plain {}
    @Module({ providers: [{ provide: CacheVaryProvider, useClass: Facts }] })
    class FactsModule {}
    ReportsController.Lazy = Plain;
    await start([FactsModule, CacheInfraModule.forRoot()]);
    await expectNobodyMixedUp();
    expect((await app.get(ReportsController).reports()).runs).toBe(2);
  });
});
