import fc from 'fast-check';

import { deferred, turn } from '../../../../../test/support/deferred.js';
import { closingAfterEach } from '../../../../../test/support/closing.js';
import { ManualClock } from '../../../../../test/support/manual-clock.js';
import {
  CacheClosedError,
  InfrastructureError,
  LockNotAcquiredError,
  ValidationError,
} from '../../base/errors.js';
import type { LockContext } from '../contract/lock.js';
import { InMemoryCache } from '../in-memory-cache.js';
import { RedisCache } from '../redis-cache.js';
import { LockQueue } from './lock-queue.js';

const closing = closingAfterEach();
const memory = (): InMemoryCache => closing(new InMemoryCache());

/** Takes a lock, and holds it until `end`. */
async function hold(cache: InMemoryCache, name = 'job') {
  const [started, work] = [deferred<LockContext>(), deferred<unknown>()];
  const result = cache.lock(name, '1m', (lock) => {
    started.resolve(lock);
    return work.promise;
  });
  return { lock: await started.promise, result, end: work.resolve, fail: work.reject };
}

describe('a lock of a cache without Redis', () => {
  it('settles as the work does', async () => {
    const cache = memory();
    await expect(cache.lock('job', 1, () => 'done')).resolves.toBe('done');
    await expect(cache.lock('job', 1, () => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    await expect(
      cache.lock('job', 1, () => {
        throw new Error('thrown');
      }),
    ).rejects.toThrow('thrown');
    await expect(cache.lock('job', 1, () => 'again', { wait: 0 })).resolves.toBe('again');
  });

  it('callers run one at a time, in the order of their calls', async () => {
    const cache = memory();
    const order: number[] = [];
    let running = 0;
    const calls = [1, 2, 3].map((n) =>
      cache.lock('job', 1, async () => {
        expect(++running).toBe(1);
        await turn();
        order.push(n);
        running--;
      }),
    );
    await Promise.all(calls);
    expect(order).toEqual([1, 2, 3]);
  });

  it('wait: 0 tries once', async () => {
    const cache = memory();
    const held = await hold(cache);
    const refused = await cache.lock('job', 1, () => 'never', { wait: 0 }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(LockNotAcquiredError);
    expect(refused).toMatchObject({ code: 'CACHE_LOCK_NOT_ACQUIRED', lock: 'job', details: { waitedMs: 0 } });
    held.end(1);
    await expect(held.result).resolves.toBe(1);
  });

  it('a caller that waits gives up after `wait`, by default after the ttl', async () => {
    const cache = memory();
    const held = await hold(cache);
    await expect(cache.lock('job', '100ms', () => 'never')).rejects.toThrow(
      'lock "job" was not acquired: another caller holds it (waited 100 ms)',
    );
    await expect(cache.lock('job', '1m', () => 'never', { wait: '20ms' })).rejects.toThrow('waited 20 ms');
    held.end(1);
    await expect(cache.lock('job', 1, () => 'next', { wait: 0 })).rejects.toThrow(LockNotAcquiredError);
    await held.result;
    await expect(cache.lock('job', 1, () => 'next', { wait: 0 })).resolves.toBe('next');
  });

  it('an aborted signal ends the wait, and the next in line is served', async () => {
    const cache = memory();
    const held = await hold(cache);
    const abort = new AbortController();
    const waiting = cache.lock('job', 1, () => 'never', { signal: abort.signal });
    const next = cache.lock('job', 1, () => 'next');
    abort.abort(new Error('left'));
    await expect(waiting).rejects.toThrow('left');
    held.end(1);
    await expect(next).resolves.toBe('next');
    await expect(cache.lock('job', 1, () => 'never', { signal: abort.signal })).rejects.toThrow('left');
  });

  it("an aborted signal aborts the work's signal with its reason", async () => {
    const cache = memory();
    const abort = new AbortController();
    const started = deferred<LockContext>();
    const work = cache.lock(
      'job',
      1,
      (lock) => {
        started.resolve(lock);
        return new Promise((_, reject) => {
          lock.signal.addEventListener('abort', () => {
            reject(lock.signal.reason as Error);
          });
        });
      },
      { signal: abort.signal },
    );
    await started.promise;
    abort.abort(new Error('left'));
    await expect(work).rejects.toThrow('left');
  });

  it('each name and each namespace has a lock of its own', async () => {
    const cache = memory();
    const held = await hold(cache);
    await expect(cache.lock('other', 1, () => 'free', { wait: 0 })).resolves.toBe('free');
    await expect(cache.namespace('a').lock('job', 1, () => 'free', { wait: 0 })).resolves.toBe('free');
    await expect(cache.namespace('a').lock('job', 1, () => cache.get('x'), { wait: 0 })).resolves.toBe(
      undefined,
    );
    held.end(1);
    await held.result;
  });

  it('clear() leaves locks alone', async () => {
    const cache = memory();
    const held = await hold(cache);
    await cache.clear();
    await expect(cache.lock('job', 1, () => 'never', { wait: 0 })).rejects.toThrow(LockNotAcquiredError);
    held.end(1);
    await held.result;
  });

  it('tokens grow, also when the clock is set back and after a restart', async () => {
    const clock = new ManualClock();
    const first = closing(new InMemoryCache({ advanced: { clock } }));
    const token = (cache: InMemoryCache): Promise<number> => cache.lock('job', 1, (lock) => lock.token);
    const tokens = [await token(first), await token(first)];
    clock.advance(-5000);
    tokens.push(await token(first));
    clock.advance(10_000);
    tokens.push(await token(closing(new InMemoryCache({ advanced: { clock } }))));
    expect(tokens.every((each, i) => Number.isSafeInteger(each) && each > (tokens[i - 1] ?? 0))).toBe(true);
  });

  it('close() rejects the callers that wait, and aborts the signal of the work', async () => {
    const cache = memory();
    const held = await hold(cache);
    const waiting = cache.lock('job', '1m', () => 'never');
    const closed = cache.close();
    await expect(waiting).rejects.toThrow(CacheClosedError);
    expect(held.lock.signal.reason).toBeInstanceOf(CacheClosedError);
    held.end('done');
    await expect(held.result).resolves.toBe('done');
    await closed;
    await expect(cache.lock('job', 1, () => 'never')).rejects.toThrow(CacheClosedError);
  });

  it('close() does not wait for work that ignores its signal', async () => {
    const cache = memory();
    const held = await hold(cache);
    await cache.close();
    held.end('late');
    await expect(held.result).resolves.toBe('late');
  });

  it('never two holders at once, in random interleavings', async () => {
    const step = fc.record({
      name: fc.constantFrom('a', 'b'),
      turns: fc.nat(3),
      fails: fc.boolean(),
      wait: fc.constantFrom('0ms', '1ms', '10s'),
    } as const);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 12 }), async (steps) => {
        const cache = memory();
        const holders = new Map<string, number>();
        const tokens = new Map<string, number>();
        const calls = steps.map(({ name, turns, fails, wait }) =>
          cache.lock(
            name,
            1,
            async ({ token }) => {
              expect(holders.has(name)).toBe(false);
              expect(token).toBeGreaterThan(tokens.get(name) ?? 0);
              holders.set(name, token);
              tokens.set(name, token);
              for (let i = 0; i < turns; i++) await turn();
              holders.delete(name);
              if (fails) throw new RangeError('failed');
            },
            { wait },
          ),
        );
        for (const { status, ...rest } of await Promise.allSettled(calls)) {
          if (status === 'fulfilled') continue;
          const { reason } = rest as PromiseRejectedResult;
          expect([LockNotAcquiredError, RangeError]).toContain((reason as Error).constructor);
        }
        expect(holders.size).toBe(0);
      }),
      { numRuns: 100 },
    );
  });
});

describe('lock() refuses', () => {
  const work = (): void => {};
  it.each<[what: string, args: unknown[], message: string]>([
    ['an empty name', ['', 1, work], 'name must be a non-empty string, got ""'],
    ['a ttl of 0, which would never end', ['job', 0, work], 'ttl must be at least 100ms, got 0'],
    ['a lease that no renewal could reach', ['job', '20ms', work], 'ttl must be at least 100ms, got "20ms"'],
    ['a ttl without a unit', ['job', '5', work], 'ttl must be an integer'],
    ['work that is no function', ['job', 1, 'work'], 'work must be a function, got "work"'],
    ['a number in place of options', ['job', 1, work, 5], 'options must be an object, got 5'],
    ['an unknown option', ['job', 1, work, { waitMs: 5 }], 'waitMs is no option of lock()'],
    ['a signal that is none', ['job', 1, work, { signal: {} }], 'signal must be an AbortSignal'],
  ])('%s', async (_, args, message) => {
    const cache = memory();
    const call = Reflect.apply(cache.lock.bind(cache), undefined, args as Parameters<typeof cache.lock>);
    const error = await call.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ValidationError);
    expect((error as Error).message).toContain(message);
  });

  it('to lock where the cache is disabled: the lock would exclude no other instance', async () => {
    const disabled = closing(new RedisCache({ redisUrl: 'redis://127.0.0.1:1', enabled: false }));
    await expect(disabled.lock('job', 1, () => 'never')).rejects.toThrow(InfrastructureError);
    await expect(disabled.lock('job', 1, () => 'never')).rejects.toThrow("Cache 'default' is disabled");
  });
});

describe('the queue of a lock', () => {
  it('is forgotten when the last caller has left', async () => {
    const queue = new LockQueue();
    const { signal } = new AbortController();
    await queue.enter('job', 0, signal);
    await expect(queue.enter('job', 5, signal)).resolves.toBe(false);
    queue.leave('job');
    expect(queue.size).toBe(0);
  });
});
