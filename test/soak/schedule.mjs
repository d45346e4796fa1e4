import { setTimeout as pause } from 'node:timers/promises';

// Redis acknowledges a write before its replicas have it, and a master that lives takes writes until it is demoted
// after the promotion of another. Both lose writes for every client. So writes are held back before a failover, as an
// operator would: the limits are about what the library loses.

/** What happens to Redis, one after the other, again and again. `setup`: a master with replicas, and Sentinels. */
export const faults = [
  {
    name: 'hung (SIGSTOP) for 0.5 s',
    strike: async (setup) => {
      const { pid } = await setup.master();
      process.kill(pid, 'SIGSTOP');
      await pause(500);
      process.kill(pid, 'SIGCONT');
    },
  },
  {
    name: 'failed over while alive',
    strike: async (setup) => {
      const master = await setup.quiesce();
      await setup.switchOver(master);
    },
  },
  {
    name: 'filled (maxmemory, noeviction) for 2 s',
    strike: async (setup) => {
      const { admin } = await setup.master();
      await admin.config('SET', 'maxmemory-policy', 'noeviction');
      await admin.config('SET', 'maxmemory', '1');
      await pause(2000);
      await admin.config('SET', 'maxmemory', '0');
    },
  },
  {
    name: 'stopped (kill -9), failed over, restarted empty as a replica',
    strike: async (setup) => {
      const master = await setup.quiesce();
      master.kill();
      await setup.failedOver(master);
      await setup.restart(master);
    },
  },
];

/** The pause between two faults. */
export const pauseMs = 4000;

/** Strikes with one fault after the other, again and again. */
export class Schedule {
  #setup;
  #tell;
  #turn = 0;
  #tookMs = faults.map(() => []);

  /** @param {(what: string) => void} tell is told of each fault */
  constructor(setup, tell) {
    this.#setup = setup;
    this.#tell = tell;
  }

  /** @param {number} endMs `performance.now()` of the end */
  async strikeUntil(endMs) {
    for (; performance.now() < endMs; this.#turn++) {
      const number = this.#turn % faults.length;
      const { name, strike } = faults[number];
      this.#tell(name);
      const start = performance.now();
      await strike(this.#setup);
      this.#tookMs[number].push(performance.now() - start);
      await pause(pauseMs);
    }
  }

  /** How often each fault struck, and how long it lasted. */
  struck() {
    return faults.map(({ name }, i) => {
      const tookMs = this.#tookMs[i];
      const longestMs = Math.round(Math.max(0, ...tookMs));
      return {
        name,
        times: tookMs.length,
        shortestMs: Math.round(Math.min(longestMs, ...tookMs)),
        longestMs,
      };
    });
  }
}
