import { createHash } from 'node:crypto';

/** The JSON body of a request. */
export type StubBody = Readonly<Record<string, unknown>>;

/** The answer of the stub's model, before it takes the shape of an API. */
export interface ModelAnswer {
  readonly text: string;
  /** The model calls this tool instead of answering by text. */
  readonly tool?: { readonly name: string; readonly arguments: string };
  /** The text, or the arguments of the tool, in the pieces of a stream. */
  readonly tokens: readonly string[];
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/**
 * The same request gets the same answer, streamed or not; any other request gets another one. A request with tools is
 * answered by a call of the first tool, until it brings the tool's result. A request for JSON is answered by JSON that
 * its schema allows.
 */
export function answerTo(body: StubBody): ModelAnswer {
  const { stream: _stream, stream_options: _options, ...asked } = body;
  const messages = messagesOf(body);
  const question = textOf(messages.at(-1));
  const said = `Answer ${digestOf(asked).slice(0, 12)} to: ${question}`;
  const tool = wantsTool(body, messages) ? calledTool(body, said) : undefined;
  const text = tool === undefined ? (jsonAnswer(body, said) ?? said) : '';
  const tokens = (tool?.arguments ?? text).match(/\s*\S+/g) ?? [];
  const inputTokens = Math.ceil(JSON.stringify(messages).length / 4);
  return { text, ...(tool && { tool }), tokens, inputTokens, outputTokens: tokens.length };
}

export function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}

/** `value`, if it is an object, to read its fields. */
export function record(value: unknown): StubBody {
  return typeof value === 'object' && value !== null ? (value as StubBody) : {};
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

/** `messages` of chat and Anthropic, `input` of the Responses API. */
function messagesOf({ messages, input }: StubBody): readonly unknown[] {
  return typeof input === 'string' ? [{ role: 'user', content: input }] : list(input ?? messages);
}

function textOf(message: unknown): string {
  const { content, output } = record(message);
  if (typeof content === 'string') return content;
  if (typeof output === 'string') return output;
  return list(content)
    .map((part) => record(part)['text'])
    .filter((text) => typeof text === 'string')
    .join(' ');
}

function wantsTool({ tools, tool_choice: choice }: StubBody, messages: readonly unknown[]): boolean {
  if (list(tools).length === 0 || choice === 'none' || record(choice)['type'] === 'none') return false;
  const last = record(messages.at(-1));
  const parts = [last, ...list(last['content']).map(record)];
  const results = ['tool_result', 'function_call_output'];
  return last['role'] !== 'tool' && !parts.some(({ type }) => results.includes(String(type)));
}

function calledTool({ tools }: StubBody, said: string): ModelAnswer['tool'] {
  const tool = record(list(tools)[0]);
  const { name, parameters, input_schema: schema } = { ...tool, ...record(tool['function']) };
  return { name: String(name), arguments: JSON.stringify(sampleOf(parameters ?? schema, said)) };
}

function jsonAnswer({ response_format: format, text }: StubBody, said: string): string | undefined {
  const wanted = record(format ?? record(text)['format']);
  if (wanted['type'] === 'json_object') return JSON.stringify({ answer: said });
  if (wanted['type'] !== 'json_schema') return undefined;
  return JSON.stringify(sampleOf(wanted['schema'] ?? record(wanted['json_schema'])['schema'], said));
}

/** A value that a JSON schema allows, with `text` as its strings. */
function sampleOf(schema: unknown, text: string): unknown {
  const { type, enum: values, properties, items } = record(schema);
  if (list(values).length > 0) return list(values)[0];
  if (type === 'string') return text;
  if (type === 'number' || type === 'integer') return 1;
  if (type === 'boolean') return true;
  if (type === 'array') return [sampleOf(items, text)];
  if (type === 'null') return null;
  return Object.fromEntries(
    Object.entries(record(properties)).map(([name, of]) => [name, sampleOf(of, text)]),
  );
}
