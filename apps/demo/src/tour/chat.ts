import type { DemoClient, StreamedReply } from './http.js';
import type { Report } from './report.js';

const question = 'What is a cache stampede?';

/** A streamed answer that the model makes, the same one replayed, and five tabs that share one. */
export async function tourChat(demo: DemoClient, report: Report): Promise<void> {
  const noCache = { 'cache-control': 'no-cache' };
  const ask = (headers?: Record<string, string>): Promise<StreamedReply> =>
    demo.stream('/ai/chat', { question }, headers);

  const made = await ask(noCache);
  const replayed = await ask();
  const tabs = await Promise.all(Array.from({ length: 5 }, () => ask(noCache)));

  report.line(`  ${question}`);
  report.line(`  ${made.text}`);
  report.table([
    ['answer', 'first token', 'complete', 'tokens'],
    ...[made, replayed].map(({ outcome, firstMs, milliseconds, events }) => [
      outcome,
      `${firstMs.toFixed(1)} ms`,
      `${milliseconds.toFixed(1)} ms`,
      String(events),
    ]),
  ]);
  report.check(
    'the first answer is made by the model, word by word',
    made.outcome === 'miss' && made.events > 20,
    made,
  );
  report.check(
    'the second is replayed from the cache, the same to the last word',
    replayed.outcome === 'hit' && replayed.text === made.text,
    replayed,
  );
  const outcomes = tabs.map(({ outcome }) => outcome);
  report.check(
    'five tabs at once: one asks the model, the others share its answer',
    outcomes.filter((outcome) => outcome === 'miss').length === 1 &&
      outcomes.filter((outcome) => outcome === 'collapsed').length === 4,
    outcomes,
  );
}
