/** Where a command prints its lines. */
export interface Output {
  out(line: string): void;
  error(line: string): void;
}
