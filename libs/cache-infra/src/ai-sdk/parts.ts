import type { AiFinishReason, AiShape } from '../ai/index.js';
import { recordOf, type Fields } from './call.js';

/** A part of a stream, or of the content of a result. */
export interface Part {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** The result of a generation, without what it says about the request and the transport. */
export interface Result {
  readonly content: readonly Part[];
  readonly finishReason?: AiFinishReason | null;
  readonly usage?: object;
  readonly providerMetadata?: unknown;
  readonly response?: Fields;
  readonly warnings: readonly unknown[];
}

/** Parts of a stream that are no content. Those of tool input repeat what the tool call says. */
const notContent = new Set([
  ...['stream-start', 'response-metadata', 'finish', 'error', 'raw', 'ping'],
  ...['tool-input-start', 'tool-input-delta', 'tool-input-end'],
]);

/** How the parts of a stream become a result, and a result parts: `generateText` and `streamText` share an answer. */
export const shape: AiShape<Part, Result> = { join: resultOf, split: partsOf };

function resultOf(parts: readonly Part[]): Result {
  const content: Part[] = [];
  const open = new Map<string, number>();
  let rest: Omit<Result, 'content'> = { warnings: [] };
  for (const part of parts) {
    const [, kind, step] = /^(text|reasoning)-(start|delta|end)$/.exec(part.type) ?? [];
    if (kind !== undefined) addText(content, open, part, kind, step === 'delta');
    else if (part.type === 'stream-start') rest = { ...rest, warnings: listOf(part['warnings']) };
    else if (part.type === 'response-metadata')
      rest = { ...rest, response: { ...rest.response, ...without(part) } };
    else if (part.type === 'finish') rest = { ...rest, ...without(part) };
    else if (!notContent.has(part.type)) content.push(part);
  }
  return { content: content.filter((part) => !isBlank(part)), ...rest };
}

/** Adds a part of a text to its item of the content, which begins where the text does. */
function addText(
  content: Part[],
  open: Map<string, number>,
  part: Part,
  kind: string,
  isDelta: boolean,
): void {
  const { id, delta, ...more } = without(part);
  const key = `${kind} ${String(id)}`;
  const at = part.type.endsWith('-start') ? undefined : open.get(key);
  const index = at ?? content.push({ type: kind, text: '' }) - 1;
  open.set(key, index);
  const item = content[index] as Part;
  const text = `${String(item['text'])}${isDelta && typeof delta === 'string' ? delta : ''}`;
  content[index] = { ...item, ...more, text };
}

function isBlank(part: Part): boolean {
  return part.type === 'text' && part['text'] === '' && part['providerMetadata'] === undefined;
}

function partsOf({ content, response, warnings, finishReason, usage, providerMetadata }: Result): Part[] {
  return [
    { type: 'stream-start', warnings },
    ...(response === undefined ? [] : [{ type: 'response-metadata', ...response }]),
    ...content.flatMap(partsOfItem),
    {
      ...{ type: 'finish', finishReason, usage },
      ...(providerMetadata === undefined ? {} : { providerMetadata }),
    },
  ];
}

function partsOfItem(item: Part, index: number): Part[] {
  const { type, text, ...more } = item;
  if (type !== 'text' && type !== 'reasoning') return [item];
  const id = String(index);
  return [
    { type: `${type}-start`, id },
    ...(text === '' ? [] : [{ type: `${type}-delta`, id, delta: text }]),
    { type: `${type}-end`, id, ...more },
  ];
}

/** A result as it is stored: without the body of the request, which holds the prompt, and without headers. */
export function stored(result: Result & { readonly request?: unknown }): Result {
  const { request: _, response, ...rest } = result;
  const { headers: _headers, body: _body, ...known } = response ?? {};
  return { ...rest, ...(Object.keys(known).length === 0 ? {} : { response: known }) };
}

/** What a result, or the parts of a stream so far, say about the whole answer. */
export interface Facts {
  readonly finishReason: AiFinishReason | string | null;
  readonly usage?: object | undefined;
  readonly model?: string;
  readonly empty: boolean;
  /** True if a tool of the provider has failed: the next call may succeed. */
  readonly isTransient: boolean;
}

export function factsOf({ content, finishReason = null, usage, response }: Result): Facts {
  const model = response?.['modelId'];
  return {
    finishReason,
    ...(isMetered(usage) ? { usage } : {}),
    ...(typeof model === 'string' ? { model } : {}),
    empty: !content.some(isAnswer),
    isTransient: content.some(({ type, isError }) => type === 'tool-result' && isError === true),
  };
}

/** Providers that tell no usage have an object of undefined numbers. */
function isMetered(usage: object | undefined): boolean {
  const { inputTokens, outputTokens } = (usage ?? {}) as Fields;
  return [inputTokens, outputTokens].some((each) => typeof recordOf(each)?.['total'] === 'number');
}

/** Thoughts and sources alone are no answer. */
function isAnswer({ type, text }: Part): boolean {
  if (type === 'text') return String(text).trim() !== '';
  return type !== 'reasoning' && type !== 'source';
}

function without({ type: _, ...fields }: Part): Fields {
  return fields;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}
