import { jest } from '@jest/globals';

import { deferred } from '../../../../../test/support/deferred.js';
import { LookRounds } from './look-rounds.js';

/** A running load, which counts its looks. */
class Load {
  looks = 0;
  answer: Promise<void> | undefined;

  look(): Promise<void> | undefined {
    this.looks++;
    return this.answer;
  }
}

describe('LookRounds', () => {
  let rounds: LookRounds;

  beforeEach(() => {
    jest.useFakeTimers();
    rounds = new LookRounds();
  });
  afterEach(() => {
    rounds.close();
    jest.useRealTimers();
  });

  it('lets every running load look in each round, and ended ones no more', async () => {
    const [one, other] = [new Load(), new Load()];
    rounds.add(one);
    rounds.add(other);
    await jest.advanceTimersByTimeAsync(2000);
    rounds.delete(other);
    await jest.advanceTimersByTimeAsync(2000);
    expect([one.looks, other.looks]).toEqual([2, 1]);
  });

  it('has no timer once no load runs, and starts again with the next one', async () => {
    const load = new Load();
    rounds.add(load);
    rounds.delete(load);
    await jest.advanceTimersByTimeAsync(2000);
    expect(jest.getTimerCount()).toBe(0);
    rounds.add(load);
    await jest.advanceTimersByTimeAsync(2000);
    expect(load.looks).toBe(1);
    rounds.close();
    expect(jest.getTimerCount()).toBe(0);
  });

  it('asks for 250 loads at a time, and lets a round of many take a tenth of the time', async () => {
    const loads = Array.from({ length: 1200 }, () => new Load());
    const answers = deferred();
    for (const load of loads) {
      load.answer = answers.promise;
      rounds.add(load);
    }
    const looks = (): number => loads.reduce((sum, load) => sum + load.looks, 0);
    await jest.advanceTimersByTimeAsync(2000);
    expect(looks()).toBe(250);
    await jest.advanceTimersByTimeAsync(1000);
    expect(looks()).toBe(250);
    answers.resolve();
    await jest.advanceTimersByTimeAsync(0);
    expect(looks()).toBe(1200);
    // The round has taken one second.
    await jest.advanceTimersByTimeAsync(8900);
    expect(looks()).toBe(1200);
    await jest.advanceTimersByTimeAsync(200);
    expect(looks()).toBe(2400);
  });

  it('goes on after a look that fails', async () => {
    const [failing, other] = [new Load(), new Load()];
    failing.look = () => {
      throw new Error('a fault');
    };
    rounds.add(failing);
    rounds.add(other);
    await jest.advanceTimersByTimeAsync(2000);
    await jest.advanceTimersByTimeAsync(2000);
    expect(other.looks).toBe(2);
  });

  it('ends with its cache, in the middle of a round', async () => {
    const answer = deferred();
    const loads = Array.from({ length: 600 }, () => new Load());
    for (const load of loads) {
      load.answer = answer.promise;
      rounds.add(load);
    }
    await jest.advanceTimersByTimeAsync(2000);
    rounds.close();
    answer.resolve();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(loads.filter(({ looks }) => looks > 0)).toHaveLength(250);
    expect(jest.getTimerCount()).toBe(0);
  });
});
