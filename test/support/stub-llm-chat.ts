import { answerTo, record, type ModelAnswer, type StubBody } from './stub-llm-answer.js';
import type { ReplyFacts, StubEvent, StubReply } from './stub-llm-reply.js';

/** `POST /v1/chat/completions` in the shape of OpenAI. */
export function chatReply(body: StubBody, { call, finishReason }: ReplyFacts): StubReply {
  const answer = answerTo(body);
  const finish = finishReason === undefined ? (answer.tool ? 'tool_calls' : 'stop') : finishReason;
  const head = { id: `chatcmpl-${call}`, created: 1_700_000_000 + call, model: body['model'] };
  const count = typeof body['n'] === 'number' ? body['n'] : 1;
  const indexes = Array.from({ length: count }, (_, index) => index);
  return {
    json: {
      ...head,
      object: 'chat.completion',
      choices: indexes.map((index) => ({
        index,
        message: messageOf(answer, call),
        logprobs: null,
        finish_reason: finish,
      })),
      usage: usageOf(answer),
    },
    events: [...chunksOf(answer, call, indexes, finish, head, body), { data: '[DONE]' }],
  };
}

function messageOf({ text, tool }: ModelAnswer, call: number): object {
  const message = { role: 'assistant', content: tool ? null : text, refusal: null };
  return tool
    ? { ...message, tool_calls: [{ id: `call_${call}`, type: 'function', function: tool }] }
    : message;
}

function chunksOf(
  answer: ModelAnswer,
  call: number,
  indexes: readonly number[],
  finish: string | null,
  head: object,
  body: StubBody,
): StubEvent[] {
  const chunk = (choices: readonly object[], more: object = {}) => ({
    data: { ...head, object: 'chat.completion.chunk', choices, ...more },
  });
  const choice = (index: number, delta: object, reason: string | null = null) => ({
    index,
    delta,
    finish_reason: reason,
  });
  const { tool, tokens } = answer;
  const opening = tool
    ? {
        tool_calls: [
          { index: 0, id: `call_${call}`, type: 'function', function: { name: tool.name, arguments: '' } },
        ],
      }
    : { content: '' };
  const deltaOf = (token: string) =>
    tool ? { tool_calls: [{ index: 0, function: { arguments: token } }] } : { content: token };
  const chunks = indexes.flatMap((index) => [
    chunk([choice(index, { role: 'assistant', ...opening })]),
    ...tokens.map((token) => chunk([choice(index, deltaOf(token))])),
    chunk([choice(index, {}, finish)]),
  ]);
  const wantsUsage = record(body['stream_options'])['include_usage'] === true;
  return wantsUsage ? [...chunks, chunk([], { usage: usageOf(answer) })] : chunks;
}

function usageOf({ inputTokens, outputTokens }: ModelAnswer): object {
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    prompt_tokens_details: { cached_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0 },
  };
}
