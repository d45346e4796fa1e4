import { answerTo, type ModelAnswer, type StubBody } from './stub-llm-answer.js';
import type { ReplyFacts, StubEvent, StubReply } from './stub-llm-reply.js';

/**
 * `POST /v1/responses` in the shape of OpenAI. A finish reason that is not a status of a response is the reason of an
 * incomplete one. A background response is queued.
 */
export function responsesReply(body: StubBody, { call, finishReason }: ReplyFacts): StubReply {
  const answer = answerTo(body);
  const status = statusOf(body, finishReason);
  const item = itemOf(answer, call);
  const head = {
    id: `resp_${call}`,
    object: 'response',
    created_at: 1_700_000_000 + call,
    model: body['model'],
    error: status === 'failed' ? { code: 'server_error', message: 'the model failed' } : null,
    incomplete_details: status === 'incomplete' ? { reason: finishReason } : null,
    parallel_tool_calls: true,
    tools: body['tools'] ?? [],
    // A response repeats instructions and settings of its request.
    instructions: body['instructions'] ?? null,
    metadata: body['metadata'] ?? {},
  };
  const json = { ...head, status, output: status === 'queued' ? [] : [item], usage: usageOf(answer) };
  const started = { ...head, status: 'in_progress', incomplete_details: null, output: [], usage: null };
  const payloads = [
    { type: 'response.created', response: started },
    { type: 'response.in_progress', response: started },
    ...itemEvents(answer, item, call),
    { type: `response.${status}`, response: json },
  ];
  const events = payloads.map((payload, sequence): StubEvent => ({
    name: payload.type,
    data: { ...payload, sequence_number: sequence },
  }));
  return { json, events };
}

const statuses = ['completed', 'failed', 'in_progress', 'queued', 'cancelled'];

function statusOf(body: StubBody, finishReason: string | null | undefined): string {
  if (body['background'] === true) return 'queued';
  if (finishReason === undefined || finishReason === null) return 'completed';
  return statuses.includes(finishReason) ? finishReason : 'incomplete';
}

function itemOf({ text, tool }: ModelAnswer, call: number): { readonly id: string; readonly type: string } {
  if (tool)
    return { id: `fc_${call}`, type: 'function_call', ...callOf(tool, call), ...{ status: 'completed' } };
  const content = [{ type: 'output_text', text, annotations: [] }];
  const message = { role: 'assistant', status: 'completed', content };
  return { id: `msg_${call}`, type: 'message', ...message };
}

function callOf({ name, arguments: text }: NonNullable<ModelAnswer['tool']>, call: number): object {
  return { call_id: `call_${call}`, name, arguments: text };
}

function itemEvents(answer: ModelAnswer, item: { readonly id: string }, call: number): { type: string }[] {
  const at = { item_id: item.id, output_index: 0 };
  const { tool, text, tokens } = answer;
  if (tool) {
    const opened = { ...item, ...callOf({ ...tool, arguments: '' }, call), status: 'in_progress' };
    const delta = (token: string) => ({
      type: 'response.function_call_arguments.delta',
      ...at,
      delta: token,
    });
    return [
      { type: 'response.output_item.added', ...{ output_index: 0, item: opened } },
      ...tokens.map(delta),
      {
        type: 'response.function_call_arguments.done',
        ...at,
        ...{ name: tool.name, arguments: tool.arguments },
      },
      { type: 'response.output_item.done', ...{ output_index: 0, item } },
    ];
  }
  const part = { ...at, content_index: 0 };
  const opened = { ...item, status: 'in_progress', content: [] };
  const partOf = (said: string) => ({ type: 'output_text', text: said, annotations: [] });
  return [
    { type: 'response.output_item.added', ...{ output_index: 0, item: opened } },
    { type: 'response.content_part.added', ...part, ...{ part: partOf('') } },
    ...tokens.map((token) => ({ type: 'response.output_text.delta', ...part, delta: token, logprobs: [] })),
    { type: 'response.output_text.done', ...part, ...{ text, logprobs: [] } },
    { type: 'response.content_part.done', ...part, ...{ part: partOf(text) } },
    { type: 'response.output_item.done', ...{ output_index: 0, item } },
  ];
}

function usageOf({ inputTokens, outputTokens }: ModelAnswer): object {
  return {
    input_tokens: inputTokens,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: inputTokens + outputTokens,
  };
}
