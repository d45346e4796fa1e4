import type { BenchmarkProgress } from './execution.js';

/** What progress is written to: `process.stderr`. */
export interface ProgressStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

const barWidth = 24;
const clearLine = '\r\u001b[2K';

/** A bar in one line of a terminal, which is gone at the end. Where there is no terminal, nothing is written. */
export function terminalProgress(
  stream: ProgressStream = process.stderr,
): (progress: BenchmarkProgress) => void {
  if (stream.isTTY !== true) return () => undefined;
  return ({ label, done, total }) => {
    if (done >= total) {
      stream.write(clearLine);
      return;
    }
    const filled = Math.floor((done / total) * barWidth);
    const bar = '█'.repeat(filled) + '░'.repeat(barWidth - filled);
    const percent = String(Math.floor((done / total) * 100)).padStart(3);
    // A line that wraps could not be cleared.
    stream.write(`${clearLine}${`${bar} ${percent} %  ${label}`.slice(0, (stream.columns ?? 80) - 1)}`);
  };
}
