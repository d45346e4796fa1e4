import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { ChatEngine } from './chat-engine.js';
import type { ChatEnd, ChatQuestion } from './chat-engine.js';
import type { Knowledge } from './knowledge.js';

const source = new URL('../../data/cache-faq.md', import.meta.url);

const unknown =
  'I only know about caching. Ask me about hits and misses, the ttl, stampedes, tags, stale answers, Redis, or the ' +
  'answers of language models.';

/** The first token takes as long as this many others, as the first token of a model does. */
const firstTokenPaces = 10;

/**
 * Answers questions about caching from a text in this process, word by word: no server, no key, no network. Equal
 * questions have equal answers.
 */
export class LocalChatEngine extends ChatEngine {
  /** One answers by a paragraph, the other by the whole article. */
  static readonly models = ['faq-short', 'faq-long'] as const;
  readonly name = 'local';
  readonly models = LocalChatEngine.models;
  readonly #paceMs: number;
  #knowledge: Promise<Knowledge> | undefined;

  /** `paceMs`: milliseconds for a token; 0 = without a pause. */
  constructor(paceMs: number) {
    super();
    this.#paceMs = paceMs;
  }

  async *answer(asked: ChatQuestion, signal: AbortSignal): AsyncGenerator<string, ChatEnd, void> {
    signal.throwIfAborted();
    const tokens = tokensOf(await this.#textFor(asked));
    await this.#pause(firstTokenPaces, signal);
    for (const token of tokens) {
      yield token;
      await this.#pause(1, signal);
    }
    const inputTokens = tokensOf(asked.system).length + tokensOf(asked.question).length;
    return { usage: { inputTokens, outputTokens: tokens.length }, finishReason: 'stop', model: asked.model };
  }

  async #textFor({ model, question }: ChatQuestion): Promise<string> {
    const knowledge = await (this.#knowledge ??= load());
    const article = knowledge.find(question);
    if (article === undefined) return unknown;
    const { paragraphs } = article;
    return (model === 'faq-long' ? paragraphs : paragraphs.slice(0, 1)).join('\n\n');
  }

  async #pause(paces: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#paceMs > 0) await wait(paces * this.#paceMs, undefined, { signal });
  }
}

/** Loads the language model on the first question, so that it does not delay the start. */
async function load(): Promise<Knowledge> {
  const [{ Knowledge, readArticles }, text] = await Promise.all([
    import('./knowledge.js'),
    readFile(source, 'utf8'),
  ]);
  return new Knowledge(readArticles(text));
}

/** Words, each with the white space before it: a local engine counts words as tokens. */
function tokensOf(text: string): string[] {
  return text.match(/\s*\S+/g) ?? [];
}
