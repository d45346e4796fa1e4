// Counts the old values that are left where a load ends after a newer `set` or `delete` of its key.
import { setTimeout as pause } from 'node:timers/promises';

import { namesFor, openContender } from '../redis-contenders.mjs';

const AsyncFunction = (async () => {}).constructor;
const tiers = { l1Size: 1000 };
const keysEach = 10;

/** Loads begin, their keys are changed meanwhile, and the loads end. Returns how many keys have the loaded value. */
async function oldValuesLeft({ cache, calls, letter }, round) {
  const call = (operation) => new AsyncFunction('it', 'key', 'i', `return ${calls[operation]}`);
  const [get, set, remove, getOrSet] = ['get', 'set', 'delete', 'getOrSet'].map(call);
  const load = async () => {
    await pause(50);
    return 'old';
  };
  const it = { cache, load, values: ['new'] };
  const keysOf = (change) =>
    Array.from({ length: keysEach }, (_, i) => `${letter}:late:${change}:${round}:${i}`);
  const [overwritten, deleted] = [keysOf('set'), keysOf('delete')];
  const all = [...overwritten, ...deleted];
  const loads = all.map((key) => getOrSet(it, key, 0));
  await pause(20);
  await Promise.all([
    ...overwritten.map((key) => set(it, key, 0)),
    ...deleted.map((key) => remove(it, key, 0)),
  ]);
  await Promise.all(loads);
  const found = await Promise.all(all.map((key) => get(it, key, 0)));
  return found.filter((value) => value === 'old').length;
}

export const lateLoadCases = {
  'late-load': {
    async measure({ rounds }) {
      const samples = {};
      for (const name of namesFor('getOrSet', tiers)) {
        const contender = await openContender(name, tiers);
        samples[name] = [];
        for (let round = 0; round < Math.min(rounds, 5); round++)
          samples[name].push(await oldValuesLeft(contender, round));
      }
      return { unit: 'old', samples };
    },
  },
};
