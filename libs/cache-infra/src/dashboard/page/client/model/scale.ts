/** Marks of a linear axis from 0 up to at least `most`: 3 to 5 round numbers. */
export function linearTicks(most: number): readonly number[] {
  if (most <= 0) return [0, 1];
  const rough = most / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5, 10].find((each) => each * power >= rough) ?? 10) * power;
  return Array.from({ length: Math.ceil(most / step - 1e-9) + 1 }, (_, i) => i * step);
}

/** The powers of ten around the values: at least two decades. */
export function logTicks(values: readonly number[]): readonly number[] {
  const positive = values.filter((value) => value > 0);
  if (positive.length === 0) return [0.01, 0.1, 1, 10];
  const low = Math.floor(Math.log10(Math.min(...positive)) + 1e-9);
  const high = Math.max(Math.ceil(Math.log10(Math.max(...positive)) - 1e-9), low + 2);
  return Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i));
}

/** The place of a value between the first and the last mark, 0-1, by their logarithms. */
export function logPlace(value: number, ticks: readonly number[]): number {
  const [low, high] = [Math.log10(ticks[0] ?? 1), Math.log10(ticks.at(-1) ?? 10)];
  return Math.min(1, Math.max(0, (Math.log10(Math.max(value, 1e-9)) - low) / (high - low)));
}
