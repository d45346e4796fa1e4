const bars = '▁▂▃▄▅▆▇█';

/** One character per value, 0-1; a space for an unknown one. */
export function sparkline(values: readonly (number | null)[]): string {
  return values
    .map((value) => {
      if (value === null || !Number.isFinite(value)) return ' ';
      return bars[Math.min(bars.length - 1, Math.max(0, Math.floor(value * bars.length)))] ?? ' ';
    })
    .join('');
}
