import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import type { CdnPurge } from './cdn-purge.js';
import { CdnPurgeError } from './cdn-purge-error.js';
import { PurgeQueue, type PurgeLimits, type PurgeNews } from './purge-queue.js';

/** A CDN that the test tells when to fail. */
class RecordingCdn implements CdnPurge {
  readonly batchSize = 3;
  readonly batches: (readonly string[])[] = [];
  /** The error of the next purges. */
  error: Error | undefined;
  /** Ends the next purge. */
  hold: Promise<void> | undefined;
  signal: AbortSignal | undefined;

  async purge(tags: readonly string[], signal: AbortSignal): Promise<void> {
    this.batches.push(tags);
    this.signal = signal;
    await this.hold;
    if (this.error !== undefined) throw this.error;
  }
}

const limits: PurgeLimits = { maxWaiting: 10, maxAgeMs: 3_600_000, timeoutMs: 5000, repeatAfterMs: 0 };

let cdn: RecordingCdn;
let news: PurgeNews[];

function queueWith(changed: Partial<PurgeLimits> = {}): PurgeQueue {
  return new PurgeQueue({
    cdn,
    tagOfAll: '!all',
    limits: { ...limits, ...changed },
    now: () => Date.now(),
    tell: (it) => news.push(it),
  });
}

beforeEach(() => {
  jest.useFakeTimers();
  cdn = new RecordingCdn();
  news = [];
});

afterEach(() => {
  jest.useRealTimers();
});

describe('PurgeQueue', () => {
  it('sends each tag once, in batches of the CDN', async () => {
    const queue = queueWith();
    queue.add(['a', 'b']);
    queue.add(['a', 'c', 'd']);

    await jest.advanceTimersByTimeAsync(100);

    expect(cdn.batches).toEqual([['a', 'b', 'c'], ['d']]);
    expect(queue.state()).toEqual({ waiting: 0, oldestMs: 0, lastError: undefined, givenUp: 0 });
  });

  it('sends a tag again that is invalidated while its purge is under way', async () => {
    const queue = queueWith();
    let end!: () => void;
    cdn.hold = new Promise((resolve) => (end = resolve));
    queue.add(['a', 'b']);
    await jest.advanceTimersByTimeAsync(20);
    queue.add(['a']);
    end();

    await jest.advanceTimersByTimeAsync(100);

    expect(cdn.batches).toEqual([['a', 'b'], ['a']]);
  });

  it('keeps failed tags and retries with back-off until the CDN accepts them', async () => {
    const queue = queueWith();
    cdn.error = new CdnPurgeError('refused', { status: 500 });
    queue.add(['a']);
    await jest.advanceTimersByTimeAsync(20 + 1000 + 2000);
    expect(cdn.batches).toHaveLength(3);
    expect(queue.state()).toMatchObject({ waiting: 1, oldestMs: 3020, lastError: 'refused' });

    cdn.error = undefined;
    await jest.advanceTimersByTimeAsync(4000);

    expect(cdn.batches).toHaveLength(4);
    expect(queue.state()).toMatchObject({ waiting: 0, lastError: undefined });
    expect(news).toEqual([{ kind: 'failing', reason: 'refused' }, { kind: 'working' }]);
  });

  it('waits as long as the CDN asks', async () => {
    const queue = queueWith();
    cdn.error = new CdnPurgeError('refused', { status: 429, retryAfterMs: 30_000 });
    queue.add(['a']);
    await jest.advanceTimersByTimeAsync(20 + 29_999);
    expect(cdn.batches).toHaveLength(1);

    await jest.advanceTimersByTimeAsync(1);

    expect(cdn.batches).toHaveLength(2);
  });

  it('sends other tags before those that failed', async () => {
    const queue = queueWith();
    cdn.error = new CdnPurgeError('refused', { status: 400 });
    queue.add(['a', 'b', 'c', 'd']);

    await jest.advanceTimersByTimeAsync(1020);

    expect(cdn.batches).toEqual([
      ['a', 'b', 'c'],
      ['d', 'a', 'b'],
    ]);
  });

  it('ends a request at the time limit, also if the adapter ignores its signal', async () => {
    const queue = queueWith();
    cdn.hold = new Promise(() => undefined);
    queue.add(['a']);

    await jest.advanceTimersByTimeAsync(20 + 5000);

    expect(cdn.signal?.aborted).toBe(true);
    expect(queue.state().lastError).toBe('the CDN did not purge: no answer in 5000 ms');
    await jest.advanceTimersByTimeAsync(1000);
    expect(cdn.batches).toHaveLength(2);
  });

  it('shows no message of a foreign error, which may contain a token', async () => {
    const queue = queueWith();
    cdn.error = new Error('Bearer secret is wrong');
    queue.add(['a']);

    await jest.advanceTimersByTimeAsync(20);

    expect(JSON.stringify([queue.state(), news])).not.toContain('secret');
  });

  it('gives up a tag at the stated age, and says so', async () => {
    const queue = queueWith({ maxAgeMs: 60_000 });
    cdn.error = new CdnPurgeError('refused');
    queue.add(['a']);

    await jest.advanceTimersByTimeAsync(200_000);

    expect(queue.state()).toMatchObject({ waiting: 0, givenUp: 1 });
    expect(news.at(-1)).toEqual({ kind: 'given-up', count: 1 });
  });

  it('replaces too many tags by one purge of everything', async () => {
    const queue = queueWith({ maxWaiting: 3 });
    queue.add(['a', 'b', 'c', 'd']);

    await jest.advanceTimersByTimeAsync(100);

    expect(cdn.batches).toEqual([['!all']]);
    expect(news).toEqual([{ kind: 'widened', count: 4 }]);
  });

  it('purges a second time, for responses that were on their way to the CDN', async () => {
    const queue = queueWith({ repeatAfterMs: 3000 });
    queue.add(['a']);
    await jest.advanceTimersByTimeAsync(20);
    expect(queue.state().waiting).toBe(0);
    await jest.advanceTimersByTimeAsync(2999);
    expect(cdn.batches).toEqual([['a']]);

    await jest.advanceTimersByTimeAsync(10_000);

    expect(cdn.batches).toEqual([['a'], ['a']]);
  });

  describe('drain', () => {
    it('sends what waits at once, also during a pause', async () => {
      const queue = queueWith({ repeatAfterMs: 3000 });
      cdn.error = new CdnPurgeError('refused', { retryAfterMs: 60_000 });
      queue.add(['a', 'b', 'c', 'd']);
      await jest.advanceTimersByTimeAsync(20);
      cdn.error = undefined;

      const left = queue.drain(5000);
      await jest.advanceTimersByTimeAsync(10);

      await expect(left).resolves.toBe(0);
      expect(cdn.batches.slice(1)).toEqual([['d', 'a', 'b'], ['c']]);
    });

    it('waits for the request under way', async () => {
      const queue = queueWith();
      let end!: () => void;
      cdn.hold = new Promise((resolve) => (end = resolve));
      queue.add(['a']);
      await jest.advanceTimersByTimeAsync(20);

      const left = queue.drain(5000);
      end();

      await expect(left).resolves.toBe(0);
    });

    it('ends at its limit, aborts the request, and says how many tags are left', async () => {
      const queue = queueWith();
      cdn.hold = new Promise(() => undefined);
      queue.add(['a', 'b']);

      const left = queue.drain(1000);
      await jest.advanceTimersByTimeAsync(1000);

      await expect(left).resolves.toBe(2);
      expect(cdn.signal?.aborted).toBe(true);
      queue.add(['c']);
      await jest.advanceTimersByTimeAsync(10_000);
      expect(cdn.batches).toEqual([['a', 'b']]);
    });

    it('is done if nothing waits, also when called again', async () => {
      const queue = queueWith();
      await expect(queue.drain(1000)).resolves.toBe(0);
      await expect(queue.drain(1000)).resolves.toBe(0);
    });
  });
});
