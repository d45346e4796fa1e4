import { worstReason } from '../ai/answer/cacheability.js';
import { blockSays, factsOf, isRefusal, messageSays, textOrNull, type AnswerFacts } from './answer-facts.js';
import { isObject, objectsIn, parseObject, saysSomething, type JsonObject } from './json.js';
import type { AnsweringApi } from './provider-call.js';
import { SseReader } from './sse-reader.js';

/**
 * Collects from the events of a stream what its answer tells about itself. An answer is whole only if its last event
 * came (`[DONE]`, `response.completed`, `message_stop`): some proxies end a stream that broke as if it were whole.
 */
export class StreamFacts {
  readonly #reader = new SseReader();
  readonly #take: (event: JsonObject) => void;
  readonly #reasons = new Map<unknown, unknown>();
  #model: string | undefined;
  #usage: JsonObject | undefined;
  #empty = true;
  #refused = false;
  #ended = false;
  #failed = false;
  #whole: AnswerFacts | undefined;

  constructor(api: AnsweringApi) {
    this.#take = { chat: this.#chunk, responses: this.#responseEvent, messages: this.#messageEvent }[
      api
    ].bind(this);
  }

  /** Reads the next piece of the stream. */
  push(text: string): void {
    for (const data of this.#reader.push(text)) {
      if (data === '[DONE]') {
        this.#ended = true;
        continue;
      }
      const event = parseObject(data);
      if (event === undefined || event['type'] === 'error' || saysSomething(event['error']))
        this.#failed = true;
      else this.#take(event);
    }
  }

  /** Whether the last event came. */
  get hasEnded(): boolean {
    return this.#ended || this.#whole !== undefined;
  }

  /** The facts of the whole stream. */
  facts(): AnswerFacts {
    if (this.#whole !== undefined && !this.#failed) return this.#whole;
    const told = {
      ...(this.#model === undefined ? {} : { model: this.#model }),
      ...(this.#usage === undefined ? {} : { usage: this.#usage }),
    };
    return { ...told, finishReason: this.#finishReason(), empty: this.#empty };
  }

  #finishReason(): string | null {
    if (this.#failed) return 'error';
    if (!this.#ended) return null;
    return this.#refused ? 'refusal' : worstReason([...this.#reasons.values()]);
  }

  /** A chunk of a chat. Usage comes in a chunk without choices. */
  #chunk({ choices, usage, model }: JsonObject): void {
    this.#model ??= textOrNull(model) ?? undefined;
    if (isObject(usage)) this.#usage = usage;
    for (const { index, delta, finish_reason: reason } of objectsIn(choices)) {
      this.#reasons.set(index, reason ?? this.#reasons.get(index));
      if (!isObject(delta)) continue;
      if (messageSays(delta)) this.#empty = false;
      if (isRefusal(delta)) this.#refused = true;
    }
  }

  /** An event of the Responses API. The last one has the whole response. */
  #responseEvent({ type, response }: JsonObject): void {
    const isLast = ['completed', 'incomplete', 'failed', 'cancelled'].some(
      (end) => type === `response.${end}`,
    );
    if (isLast && isObject(response)) this.#whole = factsOf('responses', response);
  }

  /** An event of Anthropic: usage of the input comes first, of the output last. */
  #messageEvent({ type, message, content_block: block, delta, usage }: JsonObject): void {
    if (type === 'message_start' && isObject(message)) {
      this.#model = textOrNull(message['model']) ?? undefined;
      if (isObject(message['usage'])) this.#usage = message['usage'];
    }
    if (type === 'content_block_start' && isObject(block) && blockSays(block)) this.#empty = false;
    if (type === 'content_block_delta' && isObject(delta) && saysSomething(delta['text']))
      this.#empty = false;
    if (type === 'message_delta') {
      if (isObject(usage)) this.#usage = { ...this.#usage, ...usage };
      if (isObject(delta)) this.#reasons.set(0, delta['stop_reason']);
    }
    if (type === 'message_stop') this.#ended = true;
  }
}
