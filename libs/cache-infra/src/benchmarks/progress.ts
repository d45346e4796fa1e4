import type { BenchmarkProgress } from './execution.js';

/** A stream for progress, such as `process.stderr`. */
export interface ProgressStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

const barWidth = 24;
const clearLine = '\r\u001b[2K';

/** Shows a progress bar in one line of a terminal and clears it at the end. Writes nothing to other streams. */
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
    // Truncate the line: a wrapped one cannot be cleared.
    stream.write(`${clearLine}${`${bar} ${percent} %  ${label}`.slice(0, (stream.columns ?? 80) - 1)}`);
  };
}
