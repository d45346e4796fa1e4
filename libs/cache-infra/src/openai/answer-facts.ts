import { worstReason } from '../ai/answer/cacheability.js';
import { isObject, objectsIn, saysSomething, type JsonObject } from './json.js';
import type { AnsweringApi } from './provider-call.js';

/** What an answer tells about itself, for the rules of what is stored. */
export interface AnswerFacts {
  /** `null`: the answer does not say that it is whole. */
  readonly finishReason: string | null;
  readonly usage?: object;
  /** The model that answered. */
  readonly model?: string;
  /** The answer has neither text nor anything else. */
  readonly empty: boolean;
}

/** Reads the JSON body of an answer. A refusal counts as a finish reason, as Anthropic's API has it. */
export function factsOf(api: AnsweringApi, body: JsonObject): AnswerFacts {
  const { error, type } = body;
  const told = toldBy(body);
  // Gateways answer 200 with an error inside.
  if ((error !== undefined && error !== null) || type === 'error')
    return { ...told, finishReason: 'error', empty: false };
  return { ...told, ...readers[api](body) };
}

/** The model and the usage that an answer tells. */
export function toldBy({ model, usage }: JsonObject): Pick<AnswerFacts, 'model' | 'usage'> {
  return { ...(typeof model === 'string' ? { model } : {}), ...(isObject(usage) ? { usage } : {}) };
}

type Finish = Pick<AnswerFacts, 'finishReason' | 'empty'>;

const readers: Readonly<Record<AnsweringApi, (body: JsonObject) => Finish>> = {
  chat({ choices }) {
    const all = objectsIn(choices);
    const messages = all.map(({ message }) => (isObject(message) ? message : {}));
    const reason = messages.some(isRefusal)
      ? 'refusal'
      : worstReason(all.map(({ finish_reason: each }) => each));
    return { finishReason: reason, empty: !messages.some(messageSays) };
  },
  responses({ status, output }) {
    const items = objectsIn(output);
    const parts = items.flatMap(({ content }) => objectsIn(content));
    const isRefused = parts.some(({ type }) => type === 'refusal');
    const says = (item: JsonObject): boolean =>
      item['type'] === 'message' ? objectsIn(item['content']).some(blockSays) : item['type'] !== 'reasoning';
    return { finishReason: isRefused ? 'refusal' : textOrNull(status), empty: !items.some(says) };
  },
  messages({ stop_reason: reason, content }) {
    return { finishReason: textOrNull(reason), empty: !objectsIn(content).some(blockSays) };
  },
};

/** Whether a message, or a piece of one, refuses to answer. */
export function isRefusal({ refusal }: JsonObject): boolean {
  return saysSomething(refusal);
}

/** Whether a message of a chat, or a piece of one, has text, a tool call or anything else. */
export function messageSays(message: JsonObject): boolean {
  return Object.entries(message).some(
    ([name, value]) => !['role', 'refusal', 'annotations'].includes(name) && saysSomething(value),
  );
}

/** Whether a block of content says something. Thoughts alone are no answer. */
export function blockSays(block: JsonObject): boolean {
  const { type, text } = block;
  if (type === 'thinking' || type === 'redacted_thinking') return false;
  return type === 'text' || type === 'output_text' ? saysSomething(text) : true;
}

export function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
