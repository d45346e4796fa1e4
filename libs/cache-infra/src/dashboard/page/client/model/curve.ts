/** A point in pixels. */
export type Point = readonly [x: number, y: number];

/** Runs of values without a gap: where each begins, and its values. */
export function runs<T>(
  values: readonly (T | null)[],
): readonly { readonly start: number; readonly values: readonly T[] }[] {
  const found: { start: number; values: T[] }[] = [];
  let open: { start: number; values: T[] } | undefined;
  values.forEach((value, start) => {
    if (value === null) open = undefined;
    else if (open === undefined) found.push((open = { start, values: [value] }));
    else open.values.push(value);
  });
  return found;
}

/**
 * The path of a smooth line that goes through its points and never beyond them (Fritsch and Carlson, "Monotone
 * piecewise cubic interpolation", 1980). `command` begins it: `M`, or `L` to continue another.
 */
export function smooth(points: readonly Point[], command: 'M' | 'L' = 'M'): string {
  const [first] = points;
  if (first === undefined) return '';
  const slopes = tangents(points);
  let path = `${command}${at(first)}`;
  for (let i = 1; i < points.length; i++) {
    const [[x0, y0], [x1, y1]] = [points[i - 1] ?? first, points[i] ?? first];
    const third = (x1 - x0) / 3;
    const from: Point = [x0 + third, y0 + third * (slopes[i - 1] ?? 0)];
    const to: Point = [x1 - third, y1 - third * (slopes[i] ?? 0)];
    path += `C${at(from)} ${at(to)} ${at([x1, y1])}`;
  }
  return path;
}

/** The path of the area between two smooth lines of the same length. */
export function band(upper: readonly Point[], lower: readonly Point[]): string {
  return upper.length === 0 ? '' : `${smooth(upper)}${smooth([...lower].reverse(), 'L')}Z`;
}

function tangents(points: readonly Point[]): readonly number[] {
  const secants = points.slice(1).map(([x, y], i) => {
    const [x0, y0] = points[i] ?? [0, 0];
    return x === x0 ? 0 : (y - y0) / (x - x0);
  });
  return points.map((_, i) => {
    const [before, after] = [secants[i - 1], secants[i]];
    if (before === undefined || after === undefined) return before ?? after ?? 0;
    if (before * after <= 0) return 0;
    const steepest = 3 * Math.min(Math.abs(before), Math.abs(after));
    const mean = (before + after) / 2;
    return Math.sign(mean) * Math.min(Math.abs(mean), steepest);
  });
}

function at([x, y]: Point): string {
  return `${x.toFixed(1)} ${y.toFixed(1)}`;
}
