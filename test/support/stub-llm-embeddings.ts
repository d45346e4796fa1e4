import { createHash } from 'node:crypto';
import { list, type StubBody } from './stub-llm-answer.js';
import type { StubReply } from './stub-llm-reply.js';

/** `POST /v1/embeddings` in the shape of OpenAI: a vector of each text, as floats or as base64. */
export function embeddingsReply(body: StubBody): StubReply {
  const { model, input, dimensions, encoding_format: format } = body;
  const size = typeof dimensions === 'number' ? dimensions : 8;
  const data = inputsOf(input).map((each, index) => {
    const vector = vectorOf(String(model), each, size);
    const embedding = format === 'base64' ? Buffer.from(vector.buffer).toString('base64') : [...vector];
    return { object: 'embedding', index, embedding };
  });
  const tokens = Math.ceil(JSON.stringify(input).length / 4);
  return { json: { object: 'list', data, model, usage: { prompt_tokens: tokens, total_tokens: tokens } } };
}

/** A text, a list of tokens, or a list of either. */
function inputsOf(input: unknown): readonly unknown[] {
  const items = list(input);
  return items.length === 0 || typeof items[0] === 'number' ? [input] : items;
}

/** The vector of a text: the same for the same model, text and size. */
export function vectorOf(model: string, input: unknown, size = 8): Float32Array {
  const seed = JSON.stringify([model, input, size]);
  return Float32Array.from({ length: size }, (_, index) => {
    const digest = createHash('sha256').update(`${index} ${seed}`).digest();
    return (digest.readUInt16BE() + 1) / 65_537;
  });
}
