/** The value below which `fraction` (0-1) of `numbers` lie, interpolated between neighbours. NaN for none. */
export function quantile(numbers, fraction) {
  const sorted = [...numbers].sort((one, other) => one - other);
  const at = (sorted.length - 1) * fraction;
  const low = sorted[Math.floor(at)] ?? NaN;
  const high = sorted[Math.ceil(at)] ?? NaN;
  return low === high ? low : low + (high - low) * (at - Math.floor(at));
}

/** Median and interquartile range. */
export function summarize(numbers) {
  return {
    median: quantile(numbers, 0.5),
    q1: quantile(numbers, 0.25),
    q3: quantile(numbers, 0.75),
    count: numbers.length,
  };
}

export function mean(numbers) {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

/** `base[i] / other[i]` per round, which cancels slow rounds. */
export function pairedRatios(base, other) {
  if (base.length !== other.length)
    throw new Error(`${base.length} rounds against ${other.length}: they are no pairs`);
  return base.map((value, round) => value / other[round]);
}

/** Candidate order of a round: each candidate takes each position equally often. */
export function rotation(count, round) {
  const order = Array.from({ length: count }, (_, index) => (index + round) % count);
  // Also vary the neighbours.
  return Math.floor(round / count) % 2 === 0 ? order : order.reverse();
}
