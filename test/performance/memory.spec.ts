import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { CacheFactory, InMemoryCache, type Cache } from 'nestjs-cache-infra';

import { root } from '../support/repository.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const figures: Record<string, number> = {};
const caches: Cache[] = [];

const usedMb = () => {
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().rss / 2 ** 20;
};
const heapMb = () => {
  collectGarbage();
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 2 ** 20;
};
const opened = <T extends Cache>(cache: T): T => {
  caches.push(cache);
  return cache;
};

afterEach(() => Promise.all(caches.splice(0).map((cache) => cache.close())));

afterAll(async () => {
  const directory = join(root, 'test-results', 'benchmarks');
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'memory.json'), `${JSON.stringify(figures, null, 2)}\n`);
});

describe('memory', () => {
  it('seed S1.12 S5.54 100 values of 100 KB in a cache of 100 entries raise the memory by less than 50 MB', async () => {
    const cache = opened(new InMemoryCache({ maxSize: 100 }));
    const before = usedMb();

    for (let index = 0; index < 100; index += 1)
      await cache.set(`key-${index}`, `${index}-`.padEnd(100_000, 'x'));

    figures['rssRiseMb'] = usedMb() - before;
    expect(figures['rssRiseMb']).toBeLessThan(50);
  });

  it('seed S5.55 clear() releases it', async () => {
    const cache = opened(new InMemoryCache({ maxSize: 100 }));
    const value = {
      text: 'x'.repeat(100_000),
      parts: Array.from({ length: 1000 }, (_, index) => ({ index })),
    };
    const before = heapMb();
    for (let index = 0; index < 100; index += 1) await cache.set(`key-${index}`, { ...value, index });
    const full = heapMb();

    await cache.clear();

    figures['heldMb'] = full - before;
    figures['releasedMb'] = full - heapMb();
    expect(figures['heldMb']).toBeGreaterThan(1);
    expect(figures['releasedMb']).toBeGreaterThan(0.8 * figures['heldMb']);
  });
});

describe('compression', () => {
  it('seed S1.12 S5.57-58 2.3 KB of repetitive text are set in less than 100 ms and come back the same', async () => {
    const cache = opened(
      await new CacheFactory().forAiApp({ useMemoryCache: true, compressionThreshold: 1000 }),
    );
    const text = 'This is a long text that repeats itself. '.repeat(57);
    const before = performance.now();

    await cache.set('text', text);

    figures['setMs'] = performance.now() - before;
    expect(figures['setMs']).toBeLessThan(100);
    expect(await cache.get('text')).toBe(text);
  });
});
