import type { ProgressStream } from '../../benchmarks/progress.js';
import { cut } from './text.js';

const clearLine = '\r\u001b[2K';

/** One line that tells how far long work is. Writes nothing where there is no terminal. */
export class ProgressLine {
  readonly #stream: ProgressStream;
  #isShown = false;

  constructor(stream: ProgressStream) {
    this.#stream = stream;
  }

  show(text: string): void {
    if (this.#stream.isTTY !== true) return;
    this.#isShown = true;
    // A wrapped line could not be cleared.
    this.#stream.write(clearLine + cut(text, (this.#stream.columns ?? 80) - 1));
  }

  clear(): void {
    if (this.#isShown) this.#stream.write(clearLine);
    this.#isShown = false;
  }
}
