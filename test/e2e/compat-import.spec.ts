import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import request from 'supertest';
import ts from 'typescript';

import type * as Application from '../support/cache-manager-app.js';
import { readText, root } from '../support/repository.js';

/** The specifiers that change. Nothing else of the application does. */
const theirs = "from '@nestjs/cache-manager'";
const ours = "from 'nestjs-cache-infra/compat'";

const source = await readText('test/support/cache-manager-app.ts');
await mkdir(join(root, 'test-results'), { recursive: true });
// Within the repository, where packages are found.
const directory = await mkdtemp(join(root, 'test-results', 'compat-'));
afterAll(() => rm(directory, { recursive: true, force: true }));
const files = { theirs: join(directory, 'theirs.ts'), ours: join(directory, 'ours.ts') };
await writeFile(files.theirs, source);
await writeFile(files.ours, source.replace(theirs, ours));

describe('an application on @nestjs/cache-manager, with the import changed', () => {
  it('imports nothing else of cache-manager', () => {
    expect(source.split(theirs)).toHaveLength(2);
  });

  it.each([true, false])(
    'compiles; strict: %s',
    (strict) => {
      const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
        config: object;
      };
      const { options } = ts.parseJsonConfigFileContent({ ...config, files: [], include: [] }, ts.sys, root);
      const program = ts.createProgram(Object.values(files), { ...options, strict, noEmit: true });
      const problems = Object.values(files).flatMap((file) =>
        program.getSemanticDiagnostics(program.getSourceFile(file)),
      );
      expect(problems.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '))).toEqual(
        [],
      );
    },
    120_000,
  );
});

describe.each([
  ['on @nestjs/cache-manager', files.theirs],
  ['on nestjs-cache-infra/compat', files.ours],
])('the application %s', (_, file) => {
  let application: typeof Application;
  let app: INestApplication;
  beforeEach(async () => {
    application = (await import(file)) as typeof Application;
    app = (
      await Test.createTestingModule({ imports: [application.AppModule] }).compile()
    ).createNestApplication();
    await app.init();
  });
  afterEach(() => app.close());

  async function callsOf(path: string): Promise<unknown> {
    const { body } = await request(app.getHttpServer() as never)
      .get(path)
      .expect(200);
    // cache-manager stores a response after it was sent.
    await new Promise((resolve) => setTimeout(resolve, 30));
    return (body as { calls: number }).calls;
  }

  it('caches the responses of a controller, by URL and by key', async () => {
    expect([await callsOf('/stations'), await callsOf('/stations')]).toEqual([1, 1]);
    expect([await callsOf('/stations/first?a'), await callsOf('/stations/first?b')]).toEqual([2, 2]);
  });

  it('caches by the keys of a subclass of the interceptor', async () => {
    expect([await callsOf('/forecasts/week'), await callsOf('/forecasts/week')]).toEqual([1, 1]);
    expect([await callsOf('/forecasts/now'), await callsOf('/forecasts/now')]).toEqual([2, 3]);
  });

  it('tests that interceptor with a cache of two methods', async () => {
    const { UrlInterceptor } = application;
    const httpAdapter = { getRequestMethod: () => 'GET', getRequestUrl: () => '/forecasts/week' };
    const module = await Test.createTestingModule({
      providers: [
        UrlInterceptor,
        { provide: 'CACHE_MANAGER', useValue: { get: () => undefined, set: () => undefined } },
        { provide: HttpAdapterHost, useValue: { httpAdapter } },
      ],
    }).compile();
    const context = { switchToHttp: () => ({ getRequest: () => ({}) }) };
    expect(module.get(UrlInterceptor).trackBy(context as never)).toBe('/forecasts/week');
  });

  it('finds keys by the iterator of its store, and deletes by them', async () => {
    const reports = app.get(application.Reports);
    await reports.save('ann', 'may', 'text');
    await reports.save('ann', 'june', 'text', 5000);
    await reports.save('bob', 'may', 'text');
    expect(await reports.keys('report/ann/')).toEqual(['report/ann/june', 'report/ann/may']);
    expect(await reports.find('ann', 'june')).toBe('text');

    expect(await reports.removeAllOf('ann')).toBe(true);
    expect(await reports.keys()).toEqual(['report/bob/may']);
    expect(await reports.rawKeys()).toEqual(['report/bob/may']);
    expect(await reports.remove('bob', 'may')).toBe(true);
    await reports.save('bob', 'june', 'text');
    expect(await reports.reset()).toBe(true);
    expect(await reports.keys()).toEqual([]);
  });
});
