import { jest } from '@jest/globals';

import { turn } from '../../../../../test/support/deferred.js';
import { KeySignals, type KeySignal } from './key-signals.js';

const never = new AbortController().signal;
let waiters: KeySignals;
beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
  waiters = new KeySignals();
});
afterEach(() => {
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

/** Whether `waiter` has been woken by what is done in `work`. */
async function wokenBy(waiter: KeySignal, work: () => void, ms = 1000, signal = never): Promise<boolean> {
  let woken = false;
  const waiting = waiter.received(ms, signal).then(() => {
    woken = true;
  });
  work();
  await turn();
  const result = woken;
  if (!woken) {
    jest.advanceTimersByTime(ms);
    await waiting;
  }
  return result;
}

describe('Waiters', () => {
  it('wakes the listeners of the key, and no others', async () => {
    const [one, other] = [waiters.listen('a'), waiters.listen('b')];
    expect(await wokenBy(one, () => waiters.send('a'))).toBe(true);
    expect(await wokenBy(other, () => waiters.send('a'))).toBe(false);
  });

  it('wakes all listeners of the key', async () => {
    const all = [1, 2, 3].map(() => waiters.listen('a'));
    const woken = Promise.all(all.map((waiter) => waiter.received(1000, never)));
    waiters.send('a');
    await woken;
  });

  it('a change between listen and received is not missed', async () => {
    const waiter = waiters.listen('a');
    waiters.send('a');
    expect(await wokenBy(waiter, () => {})).toBe(true);
  });

  it('reset: only later changes count', async () => {
    const waiter = waiters.listen('a');
    waiters.send('a');
    waiter.reset();
    expect(await wokenBy(waiter, () => {})).toBe(false);
    waiter.reset();
    waiters.send('a');
    expect(await wokenBy(waiter, () => {})).toBe(true);
  });

  it('gives up after the time it was given', async () => {
    const waiter = waiters.listen('a');
    expect(await wokenBy(waiter, () => jest.advanceTimersByTime(999))).toBe(false);
    waiter.reset();
    expect(await wokenBy(waiter, () => jest.advanceTimersByTime(1000))).toBe(true);
  });

  it('an abort wakes; an earlier abort does not wait at all', async () => {
    const controller = new AbortController();
    const waiter = waiters.listen('a');
    expect(await wokenBy(waiter, () => controller.abort(), 1000, controller.signal)).toBe(true);
    waiter.reset();
    expect(await wokenBy(waiter, () => {}, 1000, controller.signal)).toBe(true);
  });

  it('wakeAll wakes everybody', async () => {
    const [one, other] = [waiters.listen('a'), waiters.listen('b')];
    const woken = Promise.all([one.received(1000, never), other.received(1000, never)]);
    waiters.sendAll();
    await woken;
  });

  it('a stopped listener is not woken, and others still are', async () => {
    const [one, other] = [waiters.listen('a'), waiters.listen('a')];
    one.stop();
    waiters.send('a');
    expect(await wokenBy(one, () => {})).toBe(false);
    expect(await wokenBy(other, () => {})).toBe(true);
    other.stop();
    const next = waiters.listen('a');
    one.stop();
    waiters.send('a');
    expect(await wokenBy(next, () => {})).toBe(true);
  });
});
