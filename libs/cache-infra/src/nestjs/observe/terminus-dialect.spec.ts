import { Module, type Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { TerminusModule as Terminus12 } from '@nestjs/terminus';
import { Test } from '@nestjs/testing';

import { CacheInfraModule } from '../module/cache-infra.module.js';
import type { CacheInfraConfig } from '../module/module-options.js';
import { CacheHealthIndicator } from './cache-health.indicator.js';
import { terminusDialect } from './terminus-dialect.js';

/** A module with the name and the providers of an older Terminus, as far as the dialect is told by them. */
function olderTerminus(providers: Type[]): Type {
  class TerminusModule extends Object {}
  Module({ providers, exports: providers })(TerminusModule);
  return TerminusModule;
}

class HealthIndicatorService {
  check(): object {
    return { up: () => ({}), down: () => ({}) };
  }
}

const terminus: Record<string, Type | undefined> = {
  none: undefined,
  '12': Terminus12,
  '11': olderTerminus([HealthIndicatorService]),
  '10': olderTerminus([]),
};

const quiet = { log: () => undefined, warn: () => undefined };
/** Nothing listens there: the cache is degraded. */
const unreachable: CacheInfraConfig = { redisUrl: 'redis://127.0.0.1:1', logger: quiet };

async function applicationWith(version: string, config: CacheInfraConfig = { useMemoryCache: true }) {
  const module = terminus[version];
  const imports = [CacheInfraModule.forRoot(config), ...(module === undefined ? [] : [module])];
  return (await Test.createTestingModule({ imports }).compile()).init();
}

describe('the dialect of Terminus', () => {
  it.each([
    ['none', { throwsWhenDown: false, knowsDegraded: true }],
    ['12', { throwsWhenDown: false, knowsDegraded: true }],
    ['11', { throwsWhenDown: false, knowsDegraded: false }],
    ['10', { throwsWhenDown: true, knowsDegraded: false }],
  ])('is told by what it provides: Terminus %s', async (version, dialect) => {
    const app = await applicationWith(version);
    expect(terminusDialect(app.get(ModulesContainer))).toEqual(dialect);
    await app.close();
  });

  it.each([
    ['12', 'degraded'],
    ['11', 'up'],
    ['10', 'up'],
  ])('shows a degraded cache to Terminus %s as %s', async (version, status) => {
    const app = await applicationWith(version, unreachable);
    const result = await app.get(CacheHealthIndicator).check();
    expect(result.cache).toMatchObject({ status, state: 'degraded' });
    await app.close();
  });

  it('has Terminus 10 see a cache that is down', async () => {
    const app = await applicationWith('10');
    const indicator = app.get(CacheHealthIndicator);
    await app.close();
    await expect(indicator.check()).rejects.toMatchObject({
      isHealthCheckError: true,
      causes: { cache: { status: 'down' } },
    });
  });
});
