const width = 100;

/** Prints the tour, and counts the failed steps. */
export class Report {
  readonly #failures: string[] = [];

  constructor(private readonly print: (line: string) => void) {}

  get failures(): readonly string[] {
    return this.#failures;
  }

  /** Runs a part of the tour. A part that throws counts as failed, and the tour continues. */
  async part(heading: string, steps: () => Promise<void> | void): Promise<void> {
    this.print('');
    this.print(heading);
    this.print('-'.repeat(heading.length));
    try {
      await steps();
    } catch (error) {
      this.check(heading, false, String(error));
    }
  }

  line(text: string): void {
    for (const part of wrap(text, width)) this.print(part);
  }

  /** Prints `text` as passed, or as failed if `holds` is false. */
  check(text: string, holds: boolean, found?: unknown): void {
    this.line(`  ${holds ? 'ok    ' : 'FAILED'}  ${text}`);
    if (holds) return;
    this.#failures.push(text);
    if (found !== undefined)
      this.line(`          found: ${typeof found === 'string' ? found : JSON.stringify(found)}`);
  }

  /** Prints a table: columns as wide as their widest cell, numbers right-aligned. */
  table(rows: readonly (readonly string[])[]): void {
    const columns = (rows[0] ?? []).map((_, column) => {
      const cells = rows.map((row) => row[column] ?? '');
      return {
        size: Math.max(...cells.map((cell) => cell.length)),
        isNumeric: /^\d[\d.]*(?: ?\w)?$/.test(cells[1] ?? ''),
      };
    });
    for (const row of rows) {
      const cells = columns.map(({ size, isNumeric }, column) => {
        const cell = row[column] ?? '';
        return isNumeric ? cell.padStart(size) : cell.padEnd(size);
      });
      this.print(`  ${cells.join('   ')}`.trimEnd().slice(0, width));
    }
  }
}

/** Wraps at spaces, or within a word that is too long; continuation lines are indented by two. */
function wrap(text: string, size: number, indent = /^ */.exec(text)?.[0] ?? ''): string[] {
  if (text.length <= size) return [text];
  const space = text.lastIndexOf(' ', size);
  const end = space > indent.length + 1 ? space : size;
  return [text.slice(0, end), ...wrap(`${indent}  ${text.slice(end).trimStart()}`, size, indent)];
}
