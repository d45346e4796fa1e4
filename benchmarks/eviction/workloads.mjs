import { sampler, seeded, zipfShares } from '../lib/random.mjs';

const population = 10_000;
const requests = 300_000;

/**
 * Streams of keys that every run draws alike.
 *
 * @returns {{ name: string, keys: string[] }[]}
 */
export function workloads() {
  return [
    ...[0.8, 1, 1.2].map((exponent) => ({ name: `Zipf ${exponent}`, keys: stream(zipf(exponent)) })),
    ...[0.8, 1, 1.2].map((exponent) => ({
      name: `Zipf ${exponent}, a scan of 2,000 keys after every 8,000 requests`,
      keys: stream(withScans(zipf(exponent))),
    })),
    { name: 'a loop over 2,000 keys', keys: stream(loop(2000)) },
    { name: 'half Zipf 1, half a loop over 2,000 keys', keys: stream(mixed(zipf(1), loop(2000))) },
    { name: 'Zipf 1, a tenth of the keys changes places every 10,000 requests', keys: stream(shifting(1)) },
    {
      name: 'the newest are the most wanted (Zipf 1 by age), a new one every 20 requests',
      keys: stream(newest()),
    },
  ];
}

function stream(next) {
  return Array.from({ length: requests }, (_, at) => next(at));
}

function zipf(exponent, seed = 1) {
  const draw = sampler(zipfShares(population, exponent), seeded(seed));
  return () => `item:${draw()}`;
}

function withScans(next) {
  let scanned = 0;
  return (at) => (at % 10_000 < 8000 ? next(at) : `scan:${scanned++}`);
}

function loop(length) {
  let at = 0;
  return () => `loop:${at++ % length}`;
}

function mixed(one, other) {
  return (at) => (at % 2 === 0 ? one(at) : other(at));
}

function shifting(exponent) {
  const random = seeded(2);
  const draw = sampler(zipfShares(population, exponent), random);
  const places = Array.from({ length: population }, (_, rank) => rank);
  const place = () => Math.floor(random() * population);
  return (at) => {
    if (at % 10_000 === 9999) {
      // Each swap moves two keys.
      for (let swap = 0; swap < population / 20; swap++) {
        const [one, other] = [place(), place()];
        [places[one], places[other]] = [places[other], places[one]];
      }
    }
    return `item:${places[draw()]}`;
  };
}

function newest() {
  const draw = sampler(zipfShares(population, 1), seeded(3));
  return (at) => `item:${population + Math.floor(at / 20) - draw()}`;
}
