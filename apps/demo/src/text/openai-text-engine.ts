import { LocalTextEngine } from './local-text-engine.js';
import { conversations } from './openai-conversations.js';
import type { Conversation } from './openai-conversations.js';
import { OpenAiServer, readJson } from './openai-server.js';
import type { OpenAiOptions } from './openai-server.js';
import { TextEngine, TextEngineError } from './text-engine.js';
import type { TextAnswer, TextRequest } from './text-engine.js';
import type { Operation } from './text.types.js';

/** The part of a chat completion that this engine reads. */
interface ChatCompletion {
  choices?: { message?: { content?: string | null }; finish_reason?: string }[];
  usage?: { prompt_tokens?: number; completion_tokens?: number };
}

/** Analyses text by a {@link OpenAiServer}; operations without a conversation stay local. */
export class OpenAiTextEngine extends TextEngine {
  readonly name: string;
  readonly models: readonly [string, ...string[]];
  readonly #server: OpenAiServer;
  readonly #local = new LocalTextEngine();

  constructor(options: OpenAiOptions) {
    super();
    this.#server = new OpenAiServer(options);
    this.name = this.#server.name;
    this.models = this.#server.models;
  }

  async analyze<O extends Operation>(request: TextRequest<O>, signal: AbortSignal): Promise<TextAnswer<O>> {
    const conversation: Conversation<O> | undefined = conversations[request.operation];
    if (conversation === undefined) return this.#local.analyze(request, signal);

    const messages = [
      { role: 'system', content: conversation.prompt(request.options) },
      { role: 'user', content: request.text },
    ];
    const format = conversation.partial ? {} : { response_format: { type: 'json_object' } };
    const body = { model: request.model, temperature: 0, messages, ...format };
    const completion = readJson(await this.#server.complete(body, signal)) as ChatCompletion;

    const choice = completion.choices?.[0];
    const answer = choice?.message?.content;
    if (typeof answer !== 'string' || answer.trim() === '') {
      throw new TextEngineError('bad-answer', 'the language model server answered without any text');
    }
    if (choice?.finish_reason === 'length' && !conversation.partial) {
      throw new TextEngineError(
        'bad-answer',
        'the language model was cut off before its answer was complete',
      );
    }
    return {
      result: conversation.read(answer, request.text, request.options),
      finishReason: choice?.finish_reason,
      usage: {
        inputTokens: completion.usage?.prompt_tokens ?? 0,
        outputTokens: completion.usage?.completion_tokens ?? 0,
      },
    };
  }
}
