import { setImmediate } from 'node:timers/promises';
import { jest } from '@jest/globals';

import { collectGarbage } from '../../benchmarks/machine.js';
import { CacheError } from '../../base/errors.js';
import { Deadlines } from './deadlines.js';

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
    now++;
    await jest.advanceTimersByTimeAsync(1);
  }
  // The look at the queue comes in an immediate, after the timer.
  await jest.advanceTimersByTimeAsync(1);
}

/** Time in which it does not. */
async function busy(ms: number): Promise<void> {
  now += ms;
  await jest.advanceTimersByTimeAsync(1);
}

const never = (): Promise<string> => new Promise(() => undefined);

async function answered(deadlines: Deadlines): Promise<WeakRef<object>> {
  return new WeakRef(await deadlines.within(Promise.resolve({}), 'GET'));
}

describe('Deadlines', () => {
  it('returns a result that arrives in time', async () => {
    const deadlines = new Deadlines(250);
    await expect(deadlines.within(Promise.resolve('answer'), 'GET')).resolves.toBe('answer');
    await expect(deadlines.within(Promise.reject(new Error('no')), 'GET')).rejects.toThrow('no');
    deadlines.close();
  });

  it('guarantee 3: rejects after the limit, and names the operation', async () => {
    const deadlines = new Deadlines(250);
    const failure = deadlines.within(never(), 'GET').catch((error: unknown) => error);
    await pass(250);
    const error = await failure;
    expect(error).toBeInstanceOf(CacheError);
    expect((error as Error).message).toContain('GET within 250 ms');
    deadlines.close();
  });

  it('T16: a busy event loop does not use up the limit', async () => {
    const deadlines = new Deadlines(250);
    const outcome = deadlines.within(never(), 'GET').catch(() => 'gave up');
    for (let i = 0; i < 5; i++) {
      await busy(600);
      await pass(20);
    }
    const isWaiting = await Promise.race([outcome, Promise.resolve('waiting')]);
    expect(isWaiting).toBe('waiting');
    await pass(250);
    await expect(outcome).resolves.toBe('gave up');
    deadlines.close();
  });

  it('measures each from its own start, with one timer for all', async () => {
    const deadlines = new Deadlines(250);
    const ended: number[] = [];
    for (let i = 0; i < 3; i++) {
      deadlines.within(never(), 'GET').catch(() => ended.push(i));
      await pass(100);
    }
    expect(jest.getTimerCount()).toBe(1);
    expect(ended).toEqual([0]);
    await pass(100);
    expect(ended).toEqual([0, 1]);
    await pass(100);
    expect(ended).toEqual([0, 1, 2]);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('an answered operation does not delay the following ones', async () => {
    const deadlines = new Deadlines(250);
    await deadlines.within(Promise.resolve(1), 'GET');
    await pass(200);
    const failure = deadlines.within(never(), 'GET').catch(() => 'gave up');
    await pass(50);
    await pass(200);
    await expect(failure).resolves.toBe('gave up');
  });

  it('guarantee 10: close leaves no timer, and no waiting caller', async () => {
    const deadlines = new Deadlines(250);
    const failure = deadlines.within(never(), 'GET').catch(() => 'gave up');
    deadlines.close();
    expect(jest.getTimerCount()).toBe(0);
    await expect(failure).resolves.toBe('gave up');
  });

  it('keeps no answered operation in memory, not even behind an unanswered one', async () => {
    jest.useRealTimers();
    const deadlines = new Deadlines(60_000);
    const hung = deadlines.within(never(), 'GET').catch(() => 'gave up');
    const answers = await Promise.all([1, 2, 3].map(() => answered(deadlines)));
    await setImmediate();
    collectGarbage();
    expect(answers.map((answer) => answer.deref())).toEqual([undefined, undefined, undefined]);
    deadlines.close();
    await expect(hung).resolves.toBe('gave up');
  });

  it('removes any number of answered operations from the queue', async () => {
    const deadlines = new Deadlines(250);
    const late = deadlines.within(never(), 'first').catch((error: unknown) => (error as Error).message);
    for (let i = 0; i < 2000; i++) await deadlines.within(Promise.resolve(i), 'GET');
    await pass(250);
    await expect(late).resolves.toContain('first');
    for (let i = 0; i < 2000; i++) await deadlines.within(Promise.resolve(i), 'GET');
    const next = deadlines.within(never(), 'next').catch((error: unknown) => (error as Error).message);
    await pass(250);
    await expect(next).resolves.toContain('next');
    deadlines.close();
  });
});
