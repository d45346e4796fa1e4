/** mulberry32: numbers from 0 to 1, equal in every run. */
export function seeded(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Popularity of `count` keys by Zipf's law: the share of key `i` (from 0) is proportional to `1 / (i + 1) ** exponent`.
 */
export function zipfShares(count, exponent) {
  const weights = Float64Array.from({ length: count }, (_, i) => (i + 1) ** -exponent);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/**
 * Draws indices with the given shares in constant time: Walker's alias method, as by M. D. Vose, "A linear algorithm
 * for generating random numbers with a given distribution", IEEE Transactions on Software Engineering 17 (1991).
 */
export function sampler(shares, random) {
  const count = shares.length;
  const threshold = new Float64Array(count).fill(1);
  const alias = new Uint32Array(count);
  const scaled = Float64Array.from(shares, (share) => share * count);
  const small = [];
  const large = [];
  scaled.forEach((value, index) => (value < 1 ? small : large).push(index));
  while (small.length > 0 && large.length > 0) {
    const less = small.pop();
    const more = large.at(-1);
    threshold[less] = scaled[less];
    alias[less] = more;
    scaled[more] -= 1 - scaled[less];
    if (scaled[more] < 1) small.push(large.pop());
  }
  return () => {
    const index = Math.floor(random() * count);
    return random() < threshold[index] ? index : alias[index];
  };
}

/** A Poisson-distributed number of events with the mean `mean`. */
export function poisson(mean, random) {
  // For a large mean, the normal distribution is a good approximation in one step.
  if (mean > 50) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal));
  }
  let count = 0;
  for (let product = 1 - random(); product > Math.exp(-mean); product *= 1 - random()) count++;
  return count;
}
