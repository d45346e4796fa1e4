import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { jest } from '@jest/globals';
import { CacheFactory, InMemoryCache } from 'nestjs-cache-infra';

import { execute, importTool, readText, root } from '../support/repository.js';

interface JestConfig {
  projects: { displayName: string; testMatch: string[]; globalSetup?: string }[];
  collectCoverageFrom: string[];
}
interface Coverage {
  threshold: number;
  coveringSuites: string[];
  shortfall(map: {
    getCoverageSummary(): Record<'lines' | 'branches', { total: number; pct: number }>;
  }): string | undefined;
}

// A process of its own starts slowly on a busy machine.
jest.setTimeout(60_000);

const source = 'libs/cache-infra/src';
const { default: jestConfig } = await importTool<{ default: JestConfig }>('jest.config.ts');
const { threshold, coveringSuites, shortfall } = await importTool<Coverage>('scripts/lib/coverage.mjs');

const quiet = { warn: () => {}, log: () => {} };

const specsUnder = async (folder: string) => {
  const names = await readdir(join(root, folder), { recursive: true });
  return names.filter((name) => name.endsWith('.spec.ts')).map((name) => join(folder, name));
};

describe('seed S1.1 layers of tests', () => {
  it.each([
    ['unit', source],
    ['redis', 'test/redis'],
    ['integration', 'test/integration'],
    ['e2e', 'test/e2e'],
    ['package', 'test/package'],
  ])('%s has its own project and its own tests in %s', async (name, folder) => {
    expect(jestConfig.projects.map(({ displayName }) => displayName)).toContain(name);
    expect(await specsUnder(folder)).not.toEqual([]);
  });

  it('only the layers that need a Redis get one', () => {
    const withRedis = jestConfig.projects.filter(({ globalSetup }) => globalSetup !== undefined);

    expect(withRedis.map(({ displayName }) => displayName)).toEqual([
      ...['redis', 'integration', 'e2e', 'browser'],
    ]);
  });
});

describe('seed S1.2 suites', () => {
  it.each([
    ['factory', `${source}/config/cache-factory.spec.ts`],
    ['memory', `${source}/cache/in-memory-cache.spec.ts`],
    ['monitoring', `${source}/monitoring/performance-monitor.spec.ts`],
  ])('the %s suite is %s', (_, path) => {
    expect(existsSync(join(root, path))).toBe(true);
  });

  it.each([
    ['AI', `${source}/ai`],
    ['Redis', 'test/redis'],
    ['codec', `${source}/codec`],
    ['key', `${source}/keys`],
    ['NestJS', `${source}/nestjs`],
  ])('the %s suites stand in %s', async (_, folder) => {
    expect(await specsUnder(folder)).not.toEqual([]);
  });

  it('one contract suite runs against every cache', async () => {
    const specs = await Promise.all((await specsUnder('test/redis')).map(readText));

    expect(specs.some((text) => text.includes('InMemoryCache') && text.includes('RedisCache'))).toBe(true);
  });
});

describe('seed S1.4 coverage', () => {
  const covered = (lines: number, branches: number) => ({
    getCoverageSummary: () => ({
      lines: { total: 100, pct: lines },
      branches: { total: 100, pct: branches },
    }),
  });

  it('of more than 90 % of the lines and of the branches is enough', () => {
    expect(threshold).toBe(90);
    expect(shortfall(covered(90.1, 90.1))).toBeUndefined();
  });

  it.each([
    [90, 95, '90 % of the lines: not more than 90 %'],
    [95, 89.9, '89.9 % of the branches: not more than 90 %'],
  ])('of %d %% of the lines and %d %% of the branches is too little', (lines, branches, problem) => {
    expect(shortfall(covered(lines, branches))).toBe(problem);
  });

  it('counts every file of the library, whether a test loads it or not', () => {
    expect(jestConfig.collectCoverageFrom).toContain(`${source}/**/*.ts`);
    expect(coveringSuites).toEqual(['unit', 'redis', 'integration', 'e2e']);
  });
});

describe('seed S1.5 unit tests', () => {
  it('start no server and no application of their own', async () => {
    const specs = await specsUnder(source);
    const wide = await Promise.all(
      specs.map(async (path) =>
        (await readText(path)).includes("from '@nestjs/platform-") ? path : undefined,
      ),
    );

    expect(wide.filter((path) => path !== undefined)).toEqual([]);
  });
});

describe('seed S1.7 InMemoryCache', () => {
  it('behaves the same in two runs', async () => {
    const run = async () => {
      await using cache = new InMemoryCache({ maxSize: 3 });
      for (let index = 0; index < 20; index += 1) {
        await cache.set(`key-${index % 7}`, index);
        await cache.get(`key-${(index * 3) % 7}`);
      }
      const { l1 } = cache.stats();
      const present = await cache.getMany(Array.from({ length: 7 }, (_, index) => `key-${index}`));
      return { l1, present: [...present] };
    };

    expect(await run()).toEqual(await run());
  });
});

describe('seed S1.9 fallback', () => {
  it('creates a memory cache if no Redis answers', async () => {
    const factory = new CacheFactory();

    await using cache = await factory.forWebApp({
      redisUrl: 'redis://127.0.0.1:1',
      failOnConnectionError: false,
      logger: quiet,
    });

    await cache.set('key', 'value');
    expect(await cache.get('key')).toBe('value');
  });
});

describe('seed S1.10 creation from configuration', () => {
  it('creates the cache that the configuration describes', async () => {
    await using cache = await new CacheFactory().createCacheFromConfig({
      redisUrl: 'redis://127.0.0.1:1',
      defaultTtl: 90,
      failOnConnectionError: false,
      logger: quiet,
    });

    expect(cache.defaultTtl).toBe(90);
  });
});

describe('seed S1.11 slow suites', () => {
  const projects = async (slow: string) => {
    const code =
      "import './scripts/lib/typescript.mjs'; const { default: c } = await import('./jest.config.ts'); console.log(c.projects.map((p) => p.displayName).join())";
    const printed = await execute(process.execPath, ['--input-type=module', '-e', code], {
      env: { RUN_SLOW: slow },
    });
    return printed.trim().split(',');
  };

  it('stay out unless RUN_SLOW=1', async () => {
    expect(await projects('')).not.toContain('performance');
    expect(await projects('1')).toContain('performance');
  });
});
