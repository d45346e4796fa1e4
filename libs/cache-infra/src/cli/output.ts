import type { ProgressStream } from '../benchmarks/progress.js';
import type { ScreenInput, ScreenOutput } from './look/screen.js';
import type { Style } from './look/style.js';

/** Where a command prints its lines. */
export interface Output {
  readonly out: (line: string) => void;
  readonly error: (line: string) => void;
  readonly style: Style;
  /** Where progress is shown; nothing but a terminal shows any. */
  readonly progress: ProgressStream;
  /** Undefined unless input and output are a terminal. */
  readonly terminal: { readonly input: ScreenInput; readonly output: ScreenOutput } | undefined;
}

/** Prints the one JSON document of a command. */
export function printJson(output: Output, document: unknown): void {
  output.out(JSON.stringify(document, null, 2));
}
