import { deserializeStoredGeneration, serializeGeneration, type BaseCache } from '@langchain/core/caches';

import { completeFinishReasons, type AiOutput } from '../ai/index.js';

/** What a model of LangChain generates for one prompt: one text or message, or several. */
export type Generations = NonNullable<Awaited<ReturnType<BaseCache['lookup']>>>;
type Generation = Generations[number];
type Fields = Readonly<Record<string, unknown>>;

/** A generation in the form in which it is stored. */
export interface StoredGeneration {
  readonly generation: ReturnType<typeof serializeGeneration>;
  readonly generationInfo?: Fields;
}

/** The output of a model for the AI cache. */
export function outputOf(generations: Generations): AiOutput<readonly StoredGeneration[]> {
  const facts = generations.map(factsOf);
  const [usage] = facts.flatMap(({ message }) => recordOf(message?.['usage_metadata']) ?? []);
  const [model] = facts.flatMap(({ metadata }) => textOf(metadata['model_name'] ?? metadata['model']) ?? []);
  return {
    value: generations.map(stored),
    ...(usage === undefined ? {} : { usage }),
    ...(model === undefined ? {} : { model }),
    finishReason: commonReason(facts.map(({ metadata }) => reasonOf(metadata))),
    empty: generations.length === 0 || facts.some(isEmpty),
  };
}

/** The generations anew, with messages of their classes. */
export function revived(generations: readonly StoredGeneration[]): Generations {
  return generations.map(({ generation, generationInfo }) => ({
    ...deserializeStoredGeneration(generation),
    ...(generationInfo === undefined ? {} : { generationInfo: { ...generationInfo } }),
  }));
}

function stored(generation: Generation): StoredGeneration {
  const { generationInfo } = generation;
  const serialized = serializeGeneration(generation);
  const kwargs = serialized.message?.data.additional_kwargs;
  // The raw response of a provider may contain the request.
  if (kwargs !== undefined && '__raw_response' in kwargs) {
    const { __raw_response: _, ...rest } = kwargs;
    if (serialized.message !== undefined) serialized.message.data.additional_kwargs = rest;
  }
  return { generation: serialized, ...(generationInfo === undefined ? {} : { generationInfo }) };
}

interface Facts {
  readonly text: string;
  readonly message: Fields | undefined;
  readonly metadata: Fields;
}

function factsOf(generation: Generation): Facts {
  const message = 'message' in generation ? recordOf(generation.message) : undefined;
  const metadata = { ...generation.generationInfo, ...recordOf(message?.['response_metadata']) };
  return { text: generation.text, message, metadata };
}

/** The reason in the words of OpenAI, Anthropic, Google, Amazon, Ollama, or the Responses API. */
function reasonOf(metadata: Fields): string | null | undefined {
  const incomplete = recordOf(metadata['incomplete_details']);
  if (incomplete !== undefined) return textOf(incomplete['reason']) ?? 'incomplete';
  for (const name of [
    'finish_reason',
    'finishReason',
    'stop_reason',
    'stopReason',
    'done_reason',
    'status',
  ]) {
    const reason = metadata[name];
    if (typeof reason === 'string' || reason === null) return reason;
  }
  return undefined;
}

/** One reason for all generations: that of an incomplete one if there is any. */
function commonReason(reasons: readonly (string | null | undefined)[]): string | null | undefined {
  const unusual = reasons.filter((reason) => reason === null || (reason ?? 'stop') !== 'stop');
  const others = new Set(
    unusual.filter((reason) => reason === null || !completeFinishReasons.includes(reason ?? '')),
  );
  if (others.size > 1) return null;
  const [other] = others;
  return others.size === 1 ? other : reasons[0];
}

/** Whether a generation has neither text nor content nor a tool call. */
function isEmpty({ text, message }: Facts): boolean {
  if (text.trim() !== '') return false;
  if (message === undefined) return true;
  return [message['content'], message['tool_calls']].every(
    (part) =>
      part === undefined ||
      part === null ||
      ((Array.isArray(part) || typeof part === 'string') && part.length === 0),
  );
}

function recordOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null ? (value as Fields) : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
