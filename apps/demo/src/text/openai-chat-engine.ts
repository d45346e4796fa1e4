import { ChatEngine } from './chat-engine.js';
import type { ChatEnd, ChatQuestion } from './chat-engine.js';
import { OpenAiServer, readJson } from './openai-server.js';
import type { OpenAiOptions } from './openai-server.js';
import { TextEngineError } from './text-engine.js';
import type { TokenUsage } from './text-engine.js';

/** The part of a chunk of a chat completion that this engine reads. */
interface ChatChunk {
  choices?: { delta?: { content?: string | null }; finish_reason?: string | null }[];
  usage?: { prompt_tokens?: number; completion_tokens?: number } | null;
  model?: string;
  error?: unknown;
}

/** Most tokens of an answer. */
const maxTokens = 400;

/** Answers by any server with OpenAI's chat completions API, as its tokens arrive. */
export class OpenAiChatEngine extends ChatEngine {
  readonly name: string;
  readonly models: readonly [string, ...string[]];
  readonly #server: OpenAiServer;

  constructor(options: OpenAiOptions) {
    super();
    this.#server = new OpenAiServer(options);
    this.name = this.#server.name;
    this.models = this.#server.models;
  }

  async *answer(asked: ChatQuestion, signal: AbortSignal): AsyncGenerator<string, ChatEnd, void> {
    const end: ChatEnd = { usage: undefined, finishReason: null, model: asked.model };
    let isEmpty = true;
    for await (const data of this.#server.stream(bodyOf(asked), signal)) {
      const { choices, usage, model, error } = readJson(data) as ChatChunk;
      if (error !== undefined) {
        // Omit the server's message, as for a status.
        throw new TextEngineError('refused', 'the language model server reported an error in its answer');
      }
      const choice = choices?.[0];
      const token = choice?.delta?.content ?? '';
      if (token !== '') {
        isEmpty = false;
        yield token;
      }
      end.finishReason = choice?.finish_reason ?? end.finishReason;
      end.model = model ?? end.model;
      end.usage = usageOf(usage) ?? end.usage;
    }
    if (isEmpty) {
      throw new TextEngineError('bad-answer', 'the language model server answered without any text');
    }
    return end;
  }
}

function bodyOf({ model, system, question }: ChatQuestion): object {
  return {
    model,
    temperature: 0,
    max_tokens: maxTokens,
    stream_options: { include_usage: true },
    messages: [
      { role: 'system', content: system },
      { role: 'user', content: question },
    ],
  };
}

function usageOf(usage: ChatChunk['usage']): TokenUsage | undefined {
  if (usage === undefined || usage === null) return undefined;
  return { inputTokens: usage.prompt_tokens ?? 0, outputTokens: usage.completion_tokens ?? 0 };
}
