/**
 * Reads the data of server-sent events from pieces of text, by the WHATWG HTML standard §9.2.6. Names and ids of
 * events are skipped: the APIs repeat the name in the data.
 */
export class SseReader {
  #rest = '';
  #data: string[] = [];

  /** The data of the events that `text` completes. */
  push(text: string): string[] {
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    return lines.flatMap((line) => this.#line(line));
  }

  #line(line: string): string[] {
    if (line === '') {
      const data = this.#data;
      this.#data = [];
      return data.length === 0 ? [] : [data.join('\n')];
    }
    if (line.startsWith('data:')) this.#data.push(line.slice(line.startsWith('data: ') ? 6 : 5));
    return [];
  }
}
