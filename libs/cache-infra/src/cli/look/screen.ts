/** The terminal's input. */
export interface ScreenInput {
  readonly isTTY?: boolean | undefined;
  setRawMode?(isRaw: boolean): unknown;
  on(event: 'data', listener: (data: Buffer | string) => void): unknown;
  off(event: 'data', listener: (data: Buffer | string) => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

/** The terminal's output. */
export interface ScreenOutput {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  write(text: string): unknown;
  on(event: 'resize', listener: () => void): unknown;
  off(event: 'resize', listener: () => void): unknown;
}

// Control sequences of xterm: https://invisible-island.net/xterm/ctlseqs/ctlseqs.html
const enter = '\u001b[?1049h\u001b[?25l\u001b[?7l';
const leave = '\u001b[?7h\u001b[?25h\u001b[?1049l';
const home = '\u001b[H';
const clearRest = '\u001b[K';
const clearBelow = '\u001b[J';

/**
 * The alternate screen of a terminal, without cursor and without wrapped lines. A frame is one write that paints over
 * the last one: nothing flickers. `close` brings back the screen that was there before.
 */
export class Screen {
  readonly #input: ScreenInput;
  readonly #output: ScreenOutput;
  readonly #onData: (data: Buffer | string) => void;
  readonly #onResize: () => void;
  #isOpen = false;

  /** `onKey` gets what a key sends: `'q'`, `'\u001b[C'`. */
  constructor(
    input: ScreenInput,
    output: ScreenOutput,
    { onKey, onResize }: { readonly onKey: (key: string) => void; readonly onResize: () => void },
  ) {
    this.#input = input;
    this.#output = output;
    this.#onData = (data) => {
      onKey(data.toString());
    };
    this.#onResize = onResize;
  }

  get columns(): number {
    return this.#output.columns ?? 80;
  }

  get rows(): number {
    return this.#output.rows ?? 24;
  }

  open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#output.write(enter);
    this.#output.on('resize', this.#onResize);
    this.#input.setRawMode?.(true);
    this.#input.on('data', this.#onData);
    this.#input.resume();
  }

  /** Paints the lines; those below the last row are left out. */
  draw(lines: readonly string[]): void {
    if (!this.#isOpen) return;
    const painted = lines.slice(0, this.rows).map((line) => line + clearRest);
    this.#output.write(home + painted.join('\r\n') + clearBelow);
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#output.off('resize', this.#onResize);
    this.#input.off('data', this.#onData);
    this.#input.setRawMode?.(false);
    this.#input.pause();
    this.#output.write(leave);
  }
}
