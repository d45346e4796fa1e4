/** A metric of a query, with the labels that it is selected by. */
export interface SelectedMetric {
  readonly name: string;
  readonly labels: readonly string[];
}

/** The metrics and the grouping labels of a PromQL query. */
export interface Query {
  readonly metrics: readonly SelectedMetric[];
  readonly grouping: readonly string[];
}

const functions = new Set(['rate', 'increase', 'histogram_quantile']);
const aggregations = new Set(['sum', 'max', 'min', 'avg', 'count']);
const word = /[a-zA-Z_:][\w:]*|"(?:[^"\\]|\\.)*"|\d+(?:\.\d+)?/;
const range = /\[(?:\$__rate_interval|\$__range|\d+[smhd])\]/;
const operator = /=~|!~|!=|>=|<=|==|[-+*/<>=(){},]/;
const token = new RegExp(`\\s*(?:${word.source}|${range.source}|${operator.source})`, 'y');

/**
 * Reads the part of PromQL that the dashboard uses: selectors, ranges, functions, aggregations and operators of two
 * sides. Refuses everything else, and so every slip of the pen.
 */
export function parseQuery(text: string): Query {
  return new QueryReader(text).query();
}

class QueryReader {
  readonly #text: string;
  readonly #tokens: readonly string[];
  readonly #metrics: SelectedMetric[] = [];
  readonly #grouping: string[] = [];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokensOf(text);
  }

  query(): Query {
    this.#expression();
    if (this.#at < this.#tokens.length) throw this.#wrong('the end');
    return { metrics: this.#metrics, grouping: this.#grouping };
  }

  #expression(): void {
    this.#operand();
    while (['+', '-', '*', '/', '>', '<', '>=', '<=', '=='].includes(this.#next ?? '')) {
      this.#at++;
      this.#operand();
    }
  }

  #operand(): void {
    const word = this.#take();
    if (/^\d/.test(word)) return;
    if (word === '(') {
      this.#expression();
      this.#expect(')');
    } else if (aggregations.has(word)) {
      this.#aggregation();
    } else if (functions.has(word)) {
      this.#expect('(');
      this.#expression();
      while (this.#skip(',')) this.#expression();
      this.#expect(')');
    } else if (/^[a-z]/.test(word)) {
      this.#selector(word);
    } else {
      throw this.#wrong('an operand');
    }
  }

  #aggregation(): void {
    if (this.#skip('by')) {
      this.#expect('(');
      do this.#grouping.push(this.#take());
      while (this.#skip(','));
      this.#expect(')');
    }
    this.#expect('(');
    this.#expression();
    this.#expect(')');
  }

  #selector(name: string): void {
    const labels: string[] = [];
    if (this.#skip('{')) {
      do {
        labels.push(this.#take());
        if (!['=', '!=', '=~', '!~'].includes(this.#take())) throw this.#wrong('a matcher');
        if (!this.#take().startsWith('"')) throw this.#wrong('a text');
      } while (this.#skip(','));
      this.#expect('}');
    }
    if (this.#next?.startsWith('[') === true) this.#at++;
    this.#metrics.push({ name, labels });
  }

  get #next(): string | undefined {
    return this.#tokens[this.#at];
  }

  #take(): string {
    return this.#tokens[this.#at++] ?? '';
  }

  #skip(wanted: string): boolean {
    if (this.#next !== wanted) return false;
    this.#at++;
    return true;
  }

  #expect(wanted: string): void {
    if (!this.#skip(wanted)) throw this.#wrong(wanted);
  }

  #wrong(wanted: string): Error {
    return new Error(`expected ${wanted} at token ${this.#at} of: ${this.#text}`);
  }
}

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  token.lastIndex = 0;
  while (token.lastIndex < text.trimEnd().length) {
    const at = token.lastIndex;
    const found = token.exec(text);
    if (found === null) throw new Error(`no PromQL: ${text.slice(at)}`);
    tokens.push(found[0].trim());
  }
  return tokens;
}
