import { jest } from '@jest/globals';
import { ManualClock } from '../base/manual-clock.js';
import { InMemoryCache } from '../cache/in-memory-cache.js';
import type { CacheMonitor } from '../cache/contract/monitor.js';
import { CacheError, SerializationError, ValidationError } from '../base/errors.js';
import { AiCacheService } from './ai-cache.service.js';
import type { AiOutput } from './answer/output.js';
import type { AiContext } from './call/producer.js';
import type { AiRequest } from './request/request.js';
import type { AiCacheSettings } from './call/settings.js';

const request = { model: 'small', text: 'It works.' };
const usage = { inputTokens: 1000, outputTokens: 200 };

/** A service on a memory cache, under a clock that stands until it is moved. */
function setUp(settings: AiCacheSettings = {}) {
  let now = Date.UTC(2026, 0, 1);
  const clock = { now: () => now };
  const cache = new InMemoryCache({ advanced: { clock }, name: 'ai', maxSize: 100 });
  const pass = (ms: number): void => {
    now += ms;
  };
  return { cache, pass, clock, ai: new AiCacheService(cache, { clock, ...settings }) };
}

/** A producer that counts its runs. */
function producer<T>(output: AiOutput<T>) {
  return jest.fn((_ctx: AiContext) => Promise.resolve(output));
}

describe('run', () => {
  it('produces once, and then answers from the cache', async () => {
    const { ai } = setUp();
    const produce = producer({ value: 'fine', usage, finishReason: 'stop', status: 200, model: 'small-1' });

    const first = await ai.run('sentiment', request, produce);
    const second = await ai.run('sentiment', request, produce);

    expect(produce).toHaveBeenCalledTimes(1);
    const answer = {
      value: 'fine',
      usage,
      finishReason: 'stop',
      status: 200,
      model: 'small-1',
      operation: 'sentiment',
      key: expect.stringMatching(/^ai:sentiment:small:sha256:[\w-]{43}$/),
      collapsed: false,
    };
    expect(first).toEqual({ ...answer, cached: false, cacheStatus: 'ai; fwd=miss; stored; ttl=3600' });
    expect(second).toEqual({
      ...answer,
      cached: true,
      ageSeconds: 0,
      savings: { inputTokens: 1000, outputTokens: 200, timeMs: 0 },
      cacheStatus: 'ai; hit; ttl=3600',
    });
  });

  it('hands the producer its operation, key and signal', async () => {
    const { ai } = setUp();
    const produce = producer({ value: 1 });

    const { key } = await ai.run('sentiment', request, produce);

    expect(produce.mock.calls[0]?.[0]).toMatchObject({ operation: 'sentiment', key });
    expect(produce.mock.calls[0]?.[0].signal).toBeInstanceOf(AbortSignal);
  });

  it('takes a producer that is not async', async () => {
    const { ai } = setUp();

    expect((await ai.run('sentiment', request, () => ({ value: 1 }))).value).toBe(1);
  });

  it('stores falsy values such as false and 0', async () => {
    const { ai } = setUp();
    for (const value of [false, 0]) {
      const produce = producer({ value });
      await ai.run(`op-${value}`, request, produce);
      const { cached, value: stored } = await ai.run(`op-${value}`, request, produce);
      expect({ cached, stored }).toEqual({ cached: true, stored: value });
    }
  });

  it('states the age of the answer and its remaining ttl', async () => {
    const { ai, pass } = setUp({ operationTtls: { sentiment: 60 } });
    await ai.run('sentiment', request, producer({ value: 1 }));
    pass(12_900);

    expect(await ai.run('sentiment', request, producer({ value: 2 }))).toMatchObject({
      value: 1,
      ageSeconds: 12,
      cacheStatus: 'ai; hit; ttl=48',
    });
  });

  it('states no ttl for an answer that never expires', async () => {
    const { ai } = setUp();
    const { cacheStatus } = await ai.run('sentiment', request, producer({ value: 1 }), { ttl: 0 });

    expect(cacheStatus).toBe('ai; fwd=miss; stored');
  });

  it('counts tokens, money and time that hits save', async () => {
    const { ai, pass } = setUp({ prices: { small: { inputPerMillion: 3, outputPerMillion: 15 } } });
    const slow = () => {
      pass(1500);
      return Promise.resolve({ value: 'fine', usage });
    };
    await ai.run('sentiment', request, slow);

    const { savings } = await ai.run('sentiment', request, slow);
    await ai.run('sentiment', request, slow);

    expect(savings).toEqual({ inputTokens: 1000, outputTokens: 200, cost: 0.006, timeMs: 1500 });
    expect(ai.stats().totals).toMatchObject({
      calls: 3,
      hits: 2,
      misses: 1,
      inputTokensSaved: 2000,
      outputTokensSaved: 400,
      costSaved: 0.012,
      timeSavedMs: 3000,
      unpriced: 0,
    });
  });

  it('tells operations and models apart in its statistics', async () => {
    const { ai } = setUp();
    await ai.run('sentiment', request, producer({ value: 1 }));
    await ai.run('sentiment', { ...request, model: 'large' }, producer({ value: 1 }));
    await ai.run('keywords', { text: 'a' }, producer({ value: 1 }));

    expect(ai.stats({ by: 'operation' }).groups.map(({ name, calls }) => [name, calls])).toEqual([
      ['sentiment', 2],
      ['keywords', 1],
    ]);
    expect(ai.stats({ by: 'model' }).groups.map(({ name, calls }) => [name, calls])).toEqual([
      ['small', 1],
      ['large', 1],
      ['-', 1],
    ]);
    expect(() => ai.stats({ by: 'user' as 'model' })).toThrow(ValidationError);
  });

  it('neither reads nor writes the cache with bypass', async () => {
    const { ai, cache } = setUp();
    const produce = producer({ value: 1 });
    await ai.run('sentiment', request, produce);

    const result = await ai.run(
      'sentiment',
      request,
      (ctx) => {
        ctx.ttl(5);
        ctx.tags('doc:1');
        ctx.skipStore();
        return { value: 2 };
      },
      { bypass: true },
    );

    expect(result).toMatchObject({
      value: 2,
      cached: false,
      bypassed: 'requested',
      cacheStatus: 'ai; fwd=bypass; detail=requested',
    });
    expect((await ai.run('sentiment', request, produce)).value).toBe(1);
    expect(cache.stats().sets).toBe(1);
    expect(ai.stats().totals).toMatchObject({ bypassed: 1, hits: 1, misses: 1 });
  });

  it('produces a new answer with refresh', async () => {
    const { ai } = setUp();
    await ai.run('sentiment', request, producer({ value: 1 }));

    const refreshed = await ai.run('sentiment', request, producer({ value: 2 }), { refresh: true });

    expect(refreshed).toMatchObject({
      value: 2,
      cached: false,
      cacheStatus: 'ai; fwd=request; stored; ttl=3600',
    });
    expect((await ai.run('sentiment', request, producer({ value: 3 }))).value).toBe(2);
  });

  it('lets the producer decide about ttl, tags and storing', async () => {
    const { ai, cache } = setUp({ maxTtl: 600 });
    const { key } = await ai.run('sentiment', request, ({ ttl, tags }) => {
      ttl('2h');
      tags('doc:1');
      return { value: 1 };
    });
    expect(await cache.ttl(key)).toBe(600);
    await cache.invalidateTags('doc:1');
    expect(await cache.has(key)).toBe(false);

    const skipped = await ai.run('sentiment', request, ({ skipStore }) => {
      skipStore();
      return { value: 1 };
    });
    expect(skipped.bypassed).toBe('skipped');
    expect(await cache.has(key)).toBe(false);
  });

  it('refuses more tags of the producer than an answer may carry', async () => {
    const { ai } = setUp();
    const tags = Array.from({ length: 20 }, (_, i) => `doc:${i}`);
    const work = ai.run(
      'sentiment',
      request,
      (ctx) => {
        ctx.tags(...tags.slice(0, 5));
        ctx.tags(...tags);
        return { value: 1 };
      },
      { tags: tags.slice(0, 10) },
    );

    await expect(work).rejects.toThrow('tags must be at most');
  });

  it('replaces an entry that is not an answer', async () => {
    const { ai, cache } = setUp();
    const { key } = ai.explain('sentiment', request);
    await cache.set(key, 'from elsewhere');

    expect(await ai.peek('sentiment', request)).toBeUndefined();
    expect(await ai.run('sentiment', request, producer({ value: 1 }))).toMatchObject({
      value: 1,
      cached: false,
    });
    expect(await ai.run('sentiment', request, producer({ value: 2 }))).toMatchObject({
      value: 1,
      cached: true,
    });
  });

  it('rejects if the cache keeps returning a value that is not an answer', async () => {
    class OddCache extends InMemoryCache {
      override getOrSet<T>(): Promise<T> {
        return Promise.resolve('odd' as T);
      }
    }
    const ai = new AiCacheService(new OddCache());

    await expect(ai.run('sentiment', request, producer({ value: 1 }))).rejects.toThrow(
      'that is not an AI answer',
    );
  });

  it('leaves out fields that the provider does not send', async () => {
    const { ai } = setUp();
    for (const usage of [{ inputTokens: 5, outputTokens: undefined }, { outputTokens: 5 }]) {
      const { usage: said } = await ai.run(`op${usage.outputTokens}`, request, producer({ value: 1, usage }));
      expect(JSON.stringify(said)).toBe(JSON.stringify(usage));
    }
  });

  it('returns an answer that cannot be stored', async () => {
    const { ai } = setUp();
    const value = { speak: () => 'hello' };

    const result = await ai.run('sentiment', request, producer({ value }));

    expect(result).toMatchObject({ bypassed: 'unserializable', cached: false });
    expect(result.value.speak()).toBe('hello');
    expect(ai.stats().totals).toMatchObject({ misses: 1, notStored: 1, failures: 0 });
  });

  it('passes on the SerializationError of a producer', async () => {
    const { ai } = setUp();
    const broken = new SerializationError('mine');

    await expect(ai.run('sentiment', request, () => Promise.reject(broken))).rejects.toBe(broken);
  });

  it('gives each caller its own copy of the value', async () => {
    const { ai } = setUp();
    const produce = producer({ value: { words: ['a'] } });
    const first = await ai.run('keywords', request, produce);
    first.value.words.push('mine');

    expect((await ai.run('keywords', request, produce)).value).toEqual({ words: ['a'] });
  });

  it('fixes the key before the producer can change the request', async () => {
    const { ai } = setUp();
    const mutable = { ...request };
    await ai.run('sentiment', mutable, () => {
      mutable.text = 'changed';
      return { value: 1 };
    });

    expect(await ai.peek('sentiment', request)).toMatchObject({ value: 1 });
    expect(await ai.peek('sentiment', mutable)).toBeUndefined();
  });

  it('leaves nothing behind when calls have ended', async () => {
    const { ai } = setUp({ maxSeries: 1 });
    const failing = () => Promise.reject(new Error('no'));
    for (let i = 0; i < 50; i++) await ai.run(`op${i}`, request, failing).catch(() => undefined);

    expect(ai.stats({ by: 'operation' }).groups).toHaveLength(2);
    expect(ai.stats().totals.failures).toBe(50);
  });

  it.each<[string, unknown[]]>([
    ['operation must be a non-empty string', ['', request, () => ({ value: 1 })]],
    ['request must be an object', ['op', 'text', () => ({ value: 1 })]],
    ['produce must be a function', ['op', request, 'produce']],
    ['produce must return an object with a value', ['op', request, () => 'bare text']],
    ['ttl must be', ['op', request, () => ({ value: 1 }), { ttl: -1 }]],
    [
      "refrsh is not a known option (did you mean 'refresh'?)",
      ['op', request, () => ({ value: 1 }), { refrsh: true }],
    ],
    ['signal must be an AbortSignal', ['op', request, () => ({ value: 1 }), { signal: {} }]],
    ['tags[0] cannot be empty', ['op', request, () => ({ value: 1 }), { tags: [''] }]],
    ['tags must be an array', ['op', request, () => ({ value: 1 }), { tags: 'a' }]],
  ])('rejects with ValidationError: %s', async (message, args) => {
    const { ai } = setUp();
    const call = ai.run(...(args as Parameters<typeof ai.run>));

    await expect(call).rejects.toThrow(message);
    await expect(call).rejects.toBeInstanceOf(CacheError);
  });
});

describe('peek', () => {
  it('returns the stored answer, and produces and counts nothing', async () => {
    const { ai, pass } = setUp();
    expect(await ai.peek('sentiment', request)).toBeUndefined();
    await ai.run('sentiment', request, producer({ value: 1, usage }));
    pass(5000);

    const found = await ai.peek<number>('sentiment', request);

    expect(found).toMatchObject({ value: 1, cached: true, ageSeconds: 5, usage });
    expect(found).not.toHaveProperty('savings');
    expect(ai.stats().totals).toMatchObject({ calls: 1, hits: 0 });
  });
});

describe('explain', () => {
  it('explains the key, the ttl of the answer, and the fields left out', async () => {
    const ignored = { fields: ['apiKey', 'timeout'] };
    const { ai } = setUp({ operationTtls: { sentiment: 600 }, maxTtl: 60, ignored });

    const explanation = ai.explain('sentiment', { ...request, apiKey: 'sk-secret', timeout: 5 }, undefined, {
      tags: ['doc:1'],
    });

    expect(explanation).toMatchObject({
      operation: 'sentiment',
      key: expect.stringMatching(/^ai:sentiment:small:sha256:[\w-]{43}$/),
      form: 'digest',
      parts: [
        { name: 'model', text: '"small"' },
        { name: 'text', length: 11 },
      ],
      ignored: ['apiKey', 'timeout'],
      ttl: { seconds: 60, source: 'operation', capped: true, jitterSeconds: 0 },
      tags: ['ai:op:sentiment', 'ai:op:sentiment+model:small', 'ai:model:small', 'doc:1'],
      neverStored: { unfinished: expect.any(String) },
    });
    expect(explanation).not.toHaveProperty('bypassed');
    expect(JSON.stringify(explanation)).not.toContain('sk-secret');
  });

  it('returns the key that run uses', async () => {
    const { ai } = setUp({ textHashThreshold: 5 });
    const { key } = await ai.run('sentiment', request, producer({ value: 1 }));

    expect(ai.explain('sentiment', request)).toMatchObject({ key, form: 'digest' });
    expect(key).toBe(`ai:sentiment:small:sha256:${ai.explain('sentiment', request).digest}`);
  });

  it('says that the caller bypasses the cache', () => {
    expect(setUp().ai.explain('sentiment', request, undefined, { bypass: true }).bypassed).toBe('requested');
  });
});

describe('invalidate', () => {
  async function filled() {
    const { ai, cache } = setUp();
    const requests: AiRequest[] = [];
    for (const model of ['small', 'large']) {
      for (const tenant of ['a', 'b']) requests.push({ model, tenant, promptVersion: 1, text: 'x' });
    }
    for (const one of requests) {
      await ai.run('summarize', one, producer({ value: 1 }), { tags: [`doc:${one.tenant as string}`] });
      await ai.run('sentiment', one, producer({ value: 1 }));
    }
    const left = async (): Promise<string[]> => {
      const found: string[] = [];
      for (const operation of ['summarize', 'sentiment']) {
        for (const one of requests) {
          if ((await ai.peek(operation, one)) !== undefined) {
            found.push(`${operation} ${one.model as string} ${one.tenant as string}`);
          }
        }
      }
      return found;
    };
    return { ai, cache, left };
  }

  it('removes the answers that meet one condition', async () => {
    const { ai, left } = await filled();
    await ai.invalidate({ operation: 'summarize' });

    expect(await left()).toEqual([
      'sentiment small a',
      'sentiment small b',
      'sentiment large a',
      'sentiment large b',
    ]);
  });

  it('removes only the answers that meet all conditions', async () => {
    const { ai, left } = await filled();
    await ai.invalidate({ operation: 'summarize', model: 'small', tenant: 'a' });

    expect(await left()).toHaveLength(7);
    expect(await left()).not.toContain('summarize small a');
  });

  it('removes answers by tags', async () => {
    const { ai, left } = await filled();
    await ai.invalidate({ tags: ['doc:a', 'doc:none'] });

    expect(await left()).not.toContain('summarize small a');
    expect(await left()).not.toContain('summarize large a');
    expect(await left()).toHaveLength(6);
  });

  it('removes nothing if no answer meets the condition', async () => {
    const { ai, left } = await filled();
    await ai.invalidate({ operation: 'summarize', promptVersion: 2 });

    expect(await left()).toHaveLength(8);
  });

  it('rejects a selector without conditions', async () => {
    await expect(setUp().ai.invalidate({})).rejects.toThrow(ValidationError);
  });
});

describe('settings', () => {
  it("answers live as long as the cache's defaultTtl, also below a second", async () => {
    const clock = new ManualClock();
    const cache = new InMemoryCache({ defaultTtl: '250ms', advanced: { clock } });
    const ai = new AiCacheService(cache, { clock });
    const produce = producer({ value: 'fine' });
    await ai.run('sentiment', request, produce);
    clock.advance('249ms');
    expect(await ai.run('sentiment', request, produce)).toMatchObject({ cached: true });
    clock.advance('1ms');
    expect(await ai.run('sentiment', request, produce)).toMatchObject({ cached: false });
  });

  it('are checked all at once', () => {
    const wrong = {
      textHashThreshold: -1,
      operationTtls: { '': 5, test: -1 },
      maxTtl: 0,
      jitter: 2,
      ignored: { fields: 'apiKey' },
      prices: { small: { inputPerMillion: -1 } },
      completeFinishReasons: 'stop',
      maxSize: 5,
    };
    const make = () => new AiCacheService(new InMemoryCache(), wrong as never);

    expect(make).toThrow('textHashThreshold must be a non-negative integer');
    expect(make).toThrow('operationTtls keys must be non-empty strings');
    expect(make).toThrow('operationTtls.test must be a non-negative integer');
    expect(make).toThrow('maxTtl must be a positive integer');
    expect(make).toThrow('jitter must be a number from 0 to 1');
    expect(make).toThrow('ignored.fields must be an array of strings');
    expect(make).toThrow('prices.small.inputPerMillion must be a non-negative number');
    expect(make).toThrow('prices.small.outputPerMillion is required');
    expect(make).toThrow('completeFinishReasons must be an array of strings');
    expect(make).toThrow('maxSize is not a known option');
  });

  it.each([['free'], [[]]])('prices must not be %j', (prices) => {
    const make = () => new AiCacheService(new InMemoryCache(), { prices } as never);

    expect(make).toThrow('prices must be a dictionary of models to prices');
  });

  it('take the ttl of an answer from the cache by default', async () => {
    const cache = new InMemoryCache({ defaultTtl: 77 });
    const { key } = await new AiCacheService(cache).run('sentiment', request, producer({ value: 1 }));

    expect(await cache.ttl(key)).toBe(77);
  });

  it('prefix keys and tags', async () => {
    const { ai } = setUp({ keyPrefix: 'llm' });
    const { key, tags } = ai.explain('sentiment', request);

    expect(key).toMatch(/^llm:sentiment:/);
    expect(tags).toContain('llm:op:sentiment');
  });

  it('report key generation to the monitor', async () => {
    const recordKeyGenerationTime = jest.fn();
    const { ai } = setUp({ monitor: { recordKeyGenerationTime } });
    await ai.run('sentiment', request, producer({ value: 1 }));

    expect(recordKeyGenerationTime).toHaveBeenCalledWith({
      cache: 'ai',
      operation: 'sentiment',
      duration: expect.any(Number),
      inputLength: 36,
    });
  });

  it.each<[string, CacheMonitor]>([
    [
      'throws',
      {
        recordKeyGenerationTime() {
          throw new Error('monitor');
        },
      },
    ],
    ['rejects', { recordKeyGenerationTime: () => Promise.reject(new Error('monitor')) }],
    ['hangs', { recordKeyGenerationTime: () => new Promise(() => undefined) }],
    ['does not care', {}],
  ])('work with a monitor that %s', async (_name, monitor) => {
    const { ai } = setUp({ monitor });

    expect((await ai.run('sentiment', request, producer({ value: 1 }))).value).toBe(1);
  });
});
