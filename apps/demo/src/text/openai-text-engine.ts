import { LocalTextEngine } from './local-text-engine.js';
import { conversations } from './openai-conversations.js';
import type { Conversation } from './openai-conversations.js';
import { TextEngine, TextEngineError } from './text-engine.js';
import type { TextAnswer, TextRequest } from './text-engine.js';
import type { Operation } from './text.types.js';

export interface OpenAiOptions {
  /** Up to and with the version, for example `https://api.openai.com/v1`. */
  baseUrl: string;
  apiKey?: string | undefined;
  models: readonly [string, ...string[]];
  /** Milliseconds for one answer, from the request to the last byte. */
  timeoutMs: number;
}

/** The part of a chat completion that is used here. */
interface ChatCompletion {
  choices?: { message?: { content?: string | null }; finish_reason?: string }[];
  usage?: { prompt_tokens?: number; completion_tokens?: number };
}

/**
 * Asks any server that speaks OpenAI's chat completions (OpenAI, vLLM, llama.cpp, Ollama, …).
 *
 * One attempt for each request: whether an answer is worth paying for twice is the caller's to say.
 */
export class OpenAiTextEngine extends TextEngine {
  /** With the server's name: a model of the same name elsewhere is another one. */
  readonly name: string;
  readonly models: readonly [string, ...string[]];
  /** In a private field: no log or inspection of the engine shows the key. */
  readonly #options: OpenAiOptions;
  readonly #local = new LocalTextEngine();

  constructor(options: OpenAiOptions) {
    super();
    this.#options = options;
    this.name = `openai:${new URL(options.baseUrl).host}`;
    this.models = options.models;
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
    const completion = readCompletion(await this.#complete(body, signal));

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

  async #complete(body: object, signal: AbortSignal): Promise<string> {
    const timeout = AbortSignal.timeout(this.#options.timeoutMs);
    try {
      const response = await fetch(`${this.#options.baseUrl.replace(/\/+$/, '')}/chat/completions`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(this.#options.apiKey === undefined ? {} : { authorization: `Bearer ${this.#options.apiKey}` }),
        },
        body: JSON.stringify(body),
        redirect: 'error',
        signal: AbortSignal.any([signal, timeout]),
      });
      if (response.ok) return await response.text();
      await response.body?.cancel();
      // The server's own words stay here: some quote the key that they refuse.
      throw new TextEngineError(
        'refused',
        `the language model server answered with status ${response.status}`,
      );
    } catch (error) {
      if (signal.aborted || error instanceof TextEngineError) throw error;
      if (timeout.aborted) {
        throw new TextEngineError(
          'timeout',
          `no answer of the language model within ${this.#options.timeoutMs} ms`,
        );
      }
      throw new TextEngineError('unreachable', 'the language model server cannot be reached', {
        cause: error,
      });
    }
  }
}

function readCompletion(body: string): ChatCompletion {
  try {
    return Object(JSON.parse(body)) as ChatCompletion;
  } catch (cause) {
    throw new TextEngineError('bad-answer', 'the language model server did not answer with JSON', { cause });
  }
}
