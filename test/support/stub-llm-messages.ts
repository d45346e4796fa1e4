import { answerTo, type ModelAnswer, type StubBody } from './stub-llm-answer.js';
import type { ReplyFacts, StubEvent, StubReply } from './stub-llm-reply.js';

/** `POST /v1/messages` in the shape of Anthropic. */
export function messagesReply(body: StubBody, { call, finishReason }: ReplyFacts): StubReply {
  const answer = answerTo(body);
  const stopReason = finishReason === undefined ? (answer.tool ? 'tool_use' : 'end_turn') : finishReason;
  const head = { id: `msg_${call}`, type: 'message', role: 'assistant', model: body['model'] };
  const input = {
    input_tokens: answer.inputTokens,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
  };
  const usage = { ...input, output_tokens: answer.outputTokens };
  const json = {
    ...head,
    content: [blockOf(answer, call)],
    stop_reason: stopReason,
    stop_sequence: null,
    usage,
  };
  const opened = { ...head, content: [], stop_reason: null, stop_sequence: null };
  const payloads = [
    { type: 'message_start', message: { ...opened, usage: { ...input, output_tokens: 1 } } },
    { type: 'content_block_start', index: 0, content_block: openedBlock(answer, call) },
    { type: 'ping' },
    ...answer.tokens.map((token) => ({
      type: 'content_block_delta',
      index: 0,
      delta: answer.tool
        ? { type: 'input_json_delta', partial_json: token }
        : { type: 'text_delta', text: token },
    })),
    { type: 'content_block_stop', index: 0 },
    {
      type: 'message_delta',
      delta: { stop_reason: stopReason, stop_sequence: null },
      usage: { output_tokens: answer.outputTokens },
    },
    { type: 'message_stop' },
  ];
  return { json, events: payloads.map((data): StubEvent => ({ name: data.type, data })) };
}

function blockOf({ text, tool }: ModelAnswer, call: number): object {
  if (!tool) return { type: 'text', text, citations: null };
  const input: unknown = JSON.parse(tool.arguments);
  return { type: 'tool_use', id: `toolu_${call}`, name: tool.name, input };
}

function openedBlock({ tool }: ModelAnswer, call: number): object {
  return tool
    ? { type: 'tool_use', id: `toolu_${call}`, name: tool.name, input: {} }
    : { type: 'text', text: '', citations: null };
}
