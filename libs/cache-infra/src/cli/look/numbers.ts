/** At most five characters: `0`, `0.4`, `12`, `1.2k`, `34M`. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return '-';
  const [divisor, unit] =
    value >= 1e9 ? [1e9, 'G'] : value >= 1e6 ? [1e6, 'M'] : value >= 1e3 ? [1e3, 'k'] : [1, ''];
  const scaled = value / divisor;
  const text = scaled < 9.95 ? scaled.toFixed(1) : scaled.toFixed(0);
  return `${text.replace(/\.0$/, '')}${unit}`;
}

/** `97.3 %`, `-` where there is no ratio. */
export function percent(ratio: number | null): string {
  if (ratio === null) return '-';
  const text = (ratio * 100).toFixed(1);
  // Only what is all is shown as 100.
  return `${text === '100.0' ? (ratio === 1 ? '100' : '99.9') : text} %`;
}

/** Milliseconds: `0.04`, `1.2`, `250`; `-` = not known. */
export function ms(value: number | null): string {
  if (value === null) return '-';
  if (value >= 9.95) return value.toFixed(0);
  return value >= 0.1 ? value.toFixed(1) : value.toFixed(2);
}

/** Bytes: `512 kB`, `1.5 GB`. */
export function bytes(value: number): string {
  const [divisor, unit] = value >= 1e9 ? [1e9, 'GB'] : value >= 1e6 ? [1e6, 'MB'] : [1e3, 'kB'];
  const scaled = value / divisor;
  return `${scaled < 9.95 ? scaled.toFixed(1) : scaled.toFixed(0)} ${unit}`;
}
