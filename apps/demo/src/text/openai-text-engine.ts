import { LocalTextEngine } from './local-text-engine.js';
import { conversations } from './openai-conversations.js';
import type { Conversation } from './openai-conversations.js';
import { TextEngine, TextEngineError } from './text-engine.js';
import type { TextAnswer, TextRequest } from './text-engine.js';
import type { Operation } from './text.types.js';

export interface OpenAiOptions {
  /** The URL up to and including the version, for example `https://api.openai.com/v1`. */
  baseUrl: string;
  apiKey?: string | undefined;
  models: readonly [string, ...string[]];
  /** The timeout of one response in milliseconds, from the request to the last byte. */
  timeoutMs: number;
}

/** The part of a chat completion that this engine reads. */
interface ChatCompletion {
  choices?: { message?: { content?: string | null }; finish_reason?: string }[];
  usage?: { prompt_tokens?: number; completion_tokens?: number };
}

/**
 * A client of any server with OpenAI's chat completions API (OpenAI, vLLM, llama.cpp, Ollama, …).
 *
 * Sends each request once: a retry costs money, so the caller decides about it.
 */
export class OpenAiTextEngine extends TextEngine {
  /** The name includes the server's host: the same model name on another server is another engine. */
  readonly name: string;
  readonly models: readonly [string, ...string[]];
  /** A private field, so that no log or inspection of the engine shows the API key. */
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
      // Omit the server's message: some servers quote the refused API key.
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
