import { jest } from '@jest/globals';
import { Redis } from 'ioredis';

import { CommandWindow, PendingCommand, type WindowHost } from './command-window.js';

let now = 0;
beforeEach(() => {
  now = 0;
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'performance'] });
  jest.spyOn(performance, 'now').mockImplementation(() => now);
});
afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
});

/** Time in which the event loop turns. */
async function pass(ms: number): Promise<void> {
  for (const end = now + ms; now < end;) {
    now += 5;
    await jest.advanceTimersByTimeAsync(5);
  }
  await jest.advanceTimersByTimeAsync(1);
}

/** A Redis that answers when the test says so, in order. */
class ManualRedis implements WindowHost {
  client: Redis | undefined = new Redis({ lazyConnect: true });
  bytesReceived: number | undefined = 0;
  readonly failures: string[] = [];
  readonly outcomes: string[] = [];
  readonly window = new CommandWindow(250, this);
  readonly #out: (() => void)[] = [];

  get out(): number {
    return this.#out.length;
  }

  cork(): void {}
  onReply(): void {}

  onFailure(what: string, error: unknown): Error {
    this.failures.push(what);
    return error as Error;
  }

  onGivenUp(_what: string, error: unknown): Error {
    return error as Error;
  }

  ask(what: string, bytes = 0): void {
    const send = (): Promise<unknown> =>
      new Promise((resolve) => {
        this.#out.push(() => {
          resolve('reply');
        });
      });
    this.window.run(new PendingCommand(what, send, { bytes })).then(
      () => this.outcomes.push(`${what}: reply`),
      (error: unknown) => this.outcomes.push(`${what}: ${(error as Error).message}`),
    );
  }

  async answer(): Promise<void> {
    this.#out.shift()?.();
    await jest.advanceTimersByTimeAsync(0);
  }
}

describe('CommandWindow', () => {
  it('T14: replies that arrive one by one are not a failure of Redis', async () => {
    const redis = new ManualRedis();
    for (let i = 0; i < 5; i++) redis.ask(`c${i}`);
    for (let i = 0; i < 5; i++) {
      await pass(200);
      await redis.answer();
    }
    expect(redis.failures).toEqual([]);
    expect(redis.outcomes).toEqual(['c0: reply', 'c1: reply', 'c2: reply', 'c3: reply', 'c4: reply']);
    redis.window.close();
  });

  it('T14: at most 256 commands are in flight, and the others follow in order', async () => {
    const redis = new ManualRedis();
    for (let i = 0; i < 260; i++) redis.ask(`c${i}`);
    expect([redis.out, redis.window.waiting]).toEqual([256, 4]);
    await redis.answer();
    expect([redis.out, redis.window.waiting]).toEqual([256, 3]);
    for (let i = 0; i < 259; i++) await redis.answer();
    expect(redis.outcomes).toEqual(Array.from({ length: 260 }, (_, i) => `c${i}: reply`));
    redis.window.close();
  });

  it('T14: at most one mebibyte is in flight, unless one command is larger', () => {
    const redis = new ManualRedis();
    redis.ask('large', 5_000_000);
    redis.ask('next', 10);
    expect([redis.out, redis.window.waiting]).toEqual([1, 1]);
    redis.window.close();
  });

  it('T14: a part of a long reply is progress', async () => {
    const redis = new ManualRedis();
    redis.ask('long');
    for (let i = 0; i < 5; i++) {
      await pass(150);
      redis.bytesReceived = (redis.bytesReceived ?? 0) + 1000;
    }
    await redis.answer();
    expect(redis.outcomes).toEqual(['long: reply']);
    redis.window.close();
  });

  it('guarantee 3: silence for the limit fails commands in flight and waiting commands', async () => {
    const redis = new ManualRedis();
    for (let i = 0; i < 300; i++) redis.ask(`c${i}`);
    await pass(290);
    expect(redis.outcomes).toHaveLength(300);
    expect(redis.failures).toHaveLength(256);
    expect(redis.outcomes[299]).toContain('not sent');
    redis.window.close();
  });

  it('guarantee 3: a slowly answered command is given up after ten limits, which is not a failure', async () => {
    const redis = new ManualRedis();
    for (let i = 0; i < 20; i++) redis.ask(`c${i}`);
    for (let i = 0; i < 13; i++) {
      await pass(200);
      await redis.answer();
    }
    expect(redis.outcomes).toHaveLength(20);
    expect(redis.outcomes[19]).toContain('slowly');
    expect(redis.failures).toEqual([]);
    redis.window.close();
  });

  it('guarantee 3: in a Cluster the silence of one node is not hidden by the replies of others', async () => {
    const redis = new ManualRedis();
    redis.bytesReceived = undefined;
    redis.ask('a');
    redis.ask('b');
    await pass(100);
    await redis.answer();
    await pass(190);
    expect(redis.failures).toEqual(['b']);
    redis.window.close();
  });

  it('guarantee 10: close leaves no timer, and no waiting caller', async () => {
    const redis = new ManualRedis();
    for (let i = 0; i < 300; i++) redis.ask(`c${i}`);
    redis.window.close();
    await jest.advanceTimersByTimeAsync(0);
    expect(redis.outcomes).toHaveLength(300);
    expect(jest.getTimerCount()).toBe(0);
  });
});
