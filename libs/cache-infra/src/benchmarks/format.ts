/** Formats a duration: `812 ns`, `4.31 µs`, `12.5 ms`, `1.20 s`. */
export function formatMs(ms: number): string {
  if (ms === 0) return '0';
  if (ms >= 1000) return `${digits(ms / 1000)} s`;
  if (ms >= 1) return `${digits(ms)} ms`;
  return ms >= 1e-3 ? `${digits(ms * 1e3)} µs` : `${Math.round(ms * 1e6)} ns`;
}

/** `+4.2 %`, `-31 %`. */
export function formatPercent(percent: number): string {
  if (percent > 1e6) return 'any';
  const text = Math.abs(percent) >= 99.95 ? percent.toFixed(0) : percent.toFixed(1);
  return `${percent >= 0 ? '+' : ''}${text} %`;
}

/** `1,234,567`. */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}

/** Formats 0-1 as `99.5 %`, and undefined as `-`. */
export function formatShare(share: number | undefined): string {
  return share === undefined ? '-' : `${(share * 100).toFixed(1)} %`;
}

function digits(value: number): string {
  if (value >= 99.95) return value.toFixed(0);
  return value >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}
