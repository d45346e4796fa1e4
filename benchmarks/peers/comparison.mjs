import { own } from './goals.mjs';
import { race } from './race.mjs';

/**
 * A case whose candidates are measured in one process, or each in a process of its own.
 *
 * @param {readonly string[]} names
 * @param {(name: string) => Promise<import('./race.mjs').Candidate>} candidateOf opens a candidate and fills it
 * @param {{ profileCalls?: number }} [options] calls at a time while the library is profiled
 */
export function comparison(names, candidateOf, { profileCalls = 1_000 } = {}) {
  return {
    names,
    candidateOf,
    async measure(options) {
      const candidates = [];
      for (const name of names) candidates.push(await candidateOf(name));
      return { unit: 'ns', samples: await race(candidates, options) };
    },
    /** Code under profile: the library's part. */
    async work() {
      const { run, before } = await candidateOf(own);
      return async () => {
        await before?.(profileCalls);
        await run(profileCalls);
      };
    },
  };
}
