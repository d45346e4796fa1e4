import { serverSentData } from './server-sent-data.js';
import { TextEngineError } from './text-engine.js';

export interface OpenAiOptions {
  /** The URL up to and including the version, for example `https://api.openai.com/v1`. */
  baseUrl: string;
  apiKey?: string | undefined;
  models: readonly [string, ...string[]];
  /** The timeout of one response in milliseconds, from the request to the last byte. */
  timeoutMs: number;
}

/**
 * A server with OpenAI's chat completions API (OpenAI, vLLM, llama.cpp, Ollama, …).
 *
 * Sends each request once: a retry costs money, so the caller decides about it.
 */
export class OpenAiServer {
  /** The name includes the server's host: the same model name on another server is another engine. */
  readonly name: string;
  readonly models: readonly [string, ...string[]];
  /** A private field, so that no log or inspection of the server shows the API key. */
  readonly #options: OpenAiOptions;

  constructor(options: OpenAiOptions) {
    this.#options = options;
    this.name = `openai:${new URL(options.baseUrl).host}`;
    this.models = options.models;
  }

  /** The body of a response. @throws TextEngineError */
  async complete(body: object, signal: AbortSignal): Promise<string> {
    const timeout = AbortSignal.timeout(this.#options.timeoutMs);
    try {
      return await (await this.#post(body, AbortSignal.any([signal, timeout]))).text();
    } catch (error) {
      throw this.#errorOf(error, signal, timeout);
    }
  }

  /** The data of each event of a streamed response, without the closing `[DONE]`. @throws TextEngineError */
  async *stream(body: object, signal: AbortSignal): AsyncGenerator<string, void, void> {
    const timeout = AbortSignal.timeout(this.#options.timeoutMs);
    let isConnected = false;
    try {
      const response = await this.#post({ ...body, stream: true }, AbortSignal.any([signal, timeout]));
      isConnected = true;
      if (response.body === null) return;
      for await (const data of serverSentData(response.body)) {
        if (data === '[DONE]') return;
        yield data;
      }
    } catch (error) {
      throw this.#errorOf(error, signal, timeout, isConnected);
    }
  }

  async #post(body: object, signal: AbortSignal): Promise<Response> {
    const { baseUrl, apiKey } = this.#options;
    const response = await fetch(`${baseUrl.replace(/\/+$/, '')}/chat/completions`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
      },
      body: JSON.stringify(body),
      redirect: 'error',
      signal,
    });
    if (response.ok) return response;
    await response.body?.cancel();
    // Omit the server's message: some servers quote the refused API key.
    throw new TextEngineError('refused', `the language model server answered with status ${response.status}`);
  }

  #errorOf(error: unknown, signal: AbortSignal, timeout: AbortSignal, isConnected = false): unknown {
    if (signal.aborted || error instanceof TextEngineError) return error;
    if (timeout.aborted) {
      const { timeoutMs } = this.#options;
      return new TextEngineError('timeout', `no answer of the language model within ${timeoutMs} ms`);
    }
    const what = isConnected ? 'ended its answer early' : 'cannot be reached';
    return new TextEngineError('unreachable', `the language model server ${what}`, { cause: error });
  }
}

/** The object that a response or an event contains. @throws TextEngineError */
export function readJson(text: string): object {
  try {
    return Object(JSON.parse(text)) as object;
  } catch (cause) {
    throw new TextEngineError('bad-answer', 'the language model server did not answer with JSON', { cause });
  }
}
