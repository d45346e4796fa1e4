import type { ChatEnd } from './chat-engine.js';
import { LocalChatEngine } from './local-chat-engine.js';

const asked = { model: 'faq-short', system: 'Be brief.', question: 'What is single flight?' };

async function answer(
  paceMs = 0,
  more: Partial<typeof asked> = {},
  { signal } = new AbortController(),
): Promise<{ tokens: string[]; end: ChatEnd }> {
  const stream = new LocalChatEngine(paceMs).answer({ ...asked, ...more }, signal);
  const tokens: string[] = [];
  for (;;) {
    const { done, value } = await stream.next();
    if (done === true) return { tokens, end: value };
    tokens.push(value);
  }
}

describe('LocalChatEngine', () => {
  it('says the same words in the same order each time', async () => {
    const { tokens } = await answer();

    expect(tokens.slice(0, 3)).toEqual(['Single', ' flight', ' means']);
    expect((await answer()).tokens).toEqual(tokens);
  });

  it('counts words as tokens', async () => {
    const { tokens, end } = await answer();

    expect(end).toEqual({
      usage: { inputTokens: 6, outputTokens: tokens.length },
      finishReason: 'stop',
      model: 'faq-short',
    });
  });

  it('says more by the long model', async () => {
    const [short, long] = [await answer(), await answer(0, { model: 'faq-long' })];

    expect(long.tokens.length).toBeGreaterThan(short.tokens.length);
  });

  it('takes its pace for each token, and ten times as long for the first', async () => {
    const start = performance.now();
    const { tokens } = await answer(2);

    // Timers may fire a little early.
    expect(performance.now() - start).toBeGreaterThan((tokens.length + 10) * 2 * 0.8);
  });

  it('ends at once when it is aborted', async () => {
    const leaving = new AbortController();
    const stream = new LocalChatEngine(60_000).answer(asked, leaving.signal);
    const first = stream.next();
    leaving.abort();

    await expect(first).rejects.toThrow('aborted');
  });
});
