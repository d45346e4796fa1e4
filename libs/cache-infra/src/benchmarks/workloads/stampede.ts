import { setImmediate as nextTurn } from 'node:timers/promises';

import type { Cache } from '../../cache/contract/cache.js';
import type { Measurement } from '../measurement.js';
import { CacheWorkload, type WorkloadFindings } from './workload.js';

/** Runs concurrent callers of one cold key. A sample is a stampede; it succeeds if one load served all callers. */
export class Stampede extends CacheWorkload {
  readonly #callers: number;
  readonly #keys: string[] = [];
  #loads = 0;
  #stampedes = 0;

  constructor(cache: Cache, iterations: number, callers: number) {
    super('stampede', cache, [], iterations);
    this.#callers = callers;
  }

  async run(measurement: Measurement, iterations: number): Promise<void> {
    for (let iteration = 0; iteration < iterations; iteration++) {
      const key = `stampede:${this.#stampedes++}`;
      this.#keys.push(key);
      let loads = 0;
      const load = async () => {
        const id = loads++;
        // The load ends after all callers have called.
        await nextTurn();
        return id;
      };
      await measurement.time(
        'stampede',
        () => Promise.all(Array.from({ length: this.#callers }, () => this.cache.getOrSet(key, load))),
        { operations: this.#callers, isRight: (ids) => loads === 1 && ids.every((id) => id === 0) },
      );
      this.#loads += loads;
    }
  }

  findings(): WorkloadFindings {
    const loadsPerStampede = this.#stampedes === 0 ? 0 : this.#loads / this.#stampedes;
    return { details: { callers: this.#callers, loadsPerStampede } };
  }

  protected override keys(): readonly string[] {
    return this.#keys;
  }
}
