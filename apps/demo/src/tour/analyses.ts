import type { AiExplanation } from 'nestjs-cache-infra';
import { operations } from '../text/text.types.js';
import type { Operation, OperationResults } from '../text/text.types.js';
import { cacheStatus } from './http.js';
import type { DemoClient, Reply } from './http.js';
import type { Report } from './report.js';

/** The part of the demo's response that the tour reads. */
interface Answer<O extends Operation = Operation> {
  result: OperationResults[O];
  cached: boolean;
  key: string;
  explanation?: AiExplanation;
}

const warmCalls = 5;

const highlights: { [O in Operation]: (result: OperationResults[O]) => string } = {
  summarize: ({ summary }) => summary,
  sentiment: ({ label, score }) => `${label} (${score})`,
  keywords: ({ keywords }) => keywords.map(({ phrase }) => phrase).join(', '),
  entities: ({ entities }) =>
    entities
      .slice(0, 10)
      .map(({ text, count }) => `${text} ${count}`)
      .join(', '),
  readability: ({ fleschReadingEase, fleschKincaidGrade, readingMinutes }) =>
    `reading ease ${fleschReadingEase}, school grade ${fleschKincaidGrade}, ${readingMinutes} minutes`,
};

/** Requests the same analyses repeatedly, and reports hits and times. */
export class AnalysisTour {
  constructor(
    private readonly demo: DemoClient,
    private readonly report: Report,
  ) {}

  /** The first response bypasses the cached value (`Cache-Control: no-cache`), the others are hits. */
  async coldAndWarm(text: string): Promise<void> {
    // Warm up first: the engine loads its language model on the first request.
    await this.demo.post('/ai/readability', { text: 'Ready.' });
    const rows = [['operation', 'cold ms', 'warm ms', 'speed-up', 'Cache-Status of the last warm call']];
    for (const operation of operations) rows.push(await this.#measure(operation, text));
    this.report.table(rows);
  }

  async #measure<O extends Operation>(operation: O, text: string): Promise<string[]> {
    const ask = (headers?: Record<string, string>): Promise<Reply<Answer<O>>> => {
      return this.demo.post<Answer<O>>(`/ai/${operation}`, { text }, headers);
    };
    const cold = await ask({ 'cache-control': 'no-cache' });
    const warm: Reply<Answer<O>>[] = [];
    for (let call = 0; call < warmCalls; call++) warm.push(await ask());

    this.report.check(
      `${operation}: made once, then ${warmCalls} times the same answer from the cache`,
      isFresh(cold) && warm.every((reply) => isHit(reply) && same(reply.body.result, cold.body.result)),
      [cold, ...warm].map(({ status, body, headers }) => [status, body.cached, headers.get('x-ai-cache')]),
    );
    if (cold.status === 200) this.report.line(`          ${highlights[operation](cold.body.result)}`);
    const warmTime = median(warm.map(({ milliseconds }) => milliseconds));
    return [
      operation,
      cold.milliseconds.toFixed(1),
      warmTime.toFixed(1),
      `${Math.round(cold.milliseconds / warmTime)}x`,
      warm.map(cacheStatus).at(-1) ?? '-',
    ];
  }

  /** The key depends on the whole request and on nothing else. */
  async keys(text: string): Promise<void> {
    const plain = await this.demo.post<Answer>('/ai/summarize?explain=true', { text });
    const spelledOut = await this.demo.post<Answer>('/ai/summarize', { maxSentences: 3, text });
    const longer = await this.demo.post<Answer>('/ai/summarize', { text, maxSentences: 4 });
    const other = await this.demo.post<Answer>('/ai/summarize', { text: `${text}!` });

    this.#explain(plain.body.explanation);
    this.report.check('the key was explained', plain.body.explanation !== undefined, plain.body);
    this.report.check(
      'other order, default spelled out: the same request, a hit',
      isHit(spelledOut) && spelledOut.body.key === plain.body.key,
      spelledOut.body.key,
    );
    const keys = new Set([plain, longer, other].map(({ body }) => body.key));
    this.report.check('one sentence more, or one character more: another key', keys.size === 3, [...keys]);
  }

  #explain(explanation: AiExplanation | undefined): void {
    if (explanation === undefined) return;
    const { key, form, ttl, parts } = explanation;
    this.report.line(`  key       ${key}`);
    this.report.line(`  form      ${form}; lives ${ttl.seconds} s (by ${ttl.source})`);
    this.report.table([
      ['part', 'characters', 'SHA-256'],
      ...parts.map(({ name, length, digest }) => [name, String(length), digest]),
    ]);
  }
}

function isFresh({ status, body, headers }: Reply<Answer>): boolean {
  return status === 200 && !body.cached && headers.get('x-ai-cache') === 'miss';
}

function isHit({ status, body, headers }: Reply<Answer>): boolean {
  return status === 200 && body.cached && headers.get('x-ai-cache') === 'hit';
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
