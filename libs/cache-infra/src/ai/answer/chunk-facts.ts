import { worstReason } from './cacheability.js';
import { usageOf } from './usage.js';

type Fields = Readonly<Record<string, unknown>>;

/** What the chunks of a stream tell of its answer. */
export interface ToldByChunks {
  /** `null`: the chunks are those of a provider, and none tells the end. */
  readonly finishReason?: unknown;
  readonly usage?: unknown;
  readonly model?: string;
}

/**
 * Reads the chunks of a stream that a producer hands on as its SDK gives them: of OpenAI (chat and Responses API),
 * Anthropic, Gemini, Ollama and the AI SDK. Chunks of any other form tell nothing.
 */
export class ChunkFacts {
  #isKnown = false;
  #hasFailed = false;
  readonly #reasons = new Map<unknown, unknown>();
  #usage: unknown;
  #model: string | undefined;

  read(chunk: unknown): void {
    const fields = recordOf(chunk);
    if (fields === undefined) return;
    const { type } = fields;
    if (type === 'error' || isFilled(recordOf(fields['error'])?.['message'])) this.#hasFailed = true;
    if (Array.isArray(fields['choices'])) this.#chat(fields);
    else if (Array.isArray(fields['candidates'])) this.#gemini(fields);
    else if (typeof type === 'string') this.#event(type, fields);
    else if (typeof fields['done'] === 'boolean' && ('message' in fields || 'response' in fields))
      this.#known(0, fields['done'] ? (fields['done_reason'] ?? 'stop') : undefined);
  }

  told(): ToldByChunks {
    const reason = this.#finishReason();
    return {
      ...(reason === undefined ? {} : { finishReason: reason }),
      ...(this.#usage === undefined ? {} : { usage: this.#usage }),
      ...(this.#model === undefined ? {} : { model: this.#model }),
    };
  }

  #finishReason(): unknown {
    if (this.#hasFailed) return 'error';
    if (!this.#isKnown) return undefined;
    return worstReason([...this.#reasons.values()]);
  }

  #known(choice: unknown, reason: unknown): void {
    this.#isKnown = true;
    const told = reason ?? this.#reasons.get(choice);
    this.#reasons.set(choice, told);
  }

  #chat({ choices, usage, model }: Fields): void {
    this.#tell(usage, model);
    for (const choice of choices as readonly unknown[]) {
      const { index = 0, finish_reason: reason } = recordOf(choice) ?? {};
      this.#known(index, reason);
    }
  }

  #gemini({ candidates, usageMetadata, modelVersion }: Fields): void {
    this.#tell(usageMetadata, modelVersion);
    for (const candidate of candidates as readonly unknown[]) {
      const { index = 0, finishReason } = recordOf(candidate) ?? {};
      this.#known(index, finishReason);
    }
  }

  #event(type: string, fields: Fields): void {
    const response = recordOf(fields['response']);
    const message = recordOf(fields['message']);
    if (type.startsWith('response.') && type.length > 9) {
      // The Responses API: the last event has the whole response.
      const isLast = /^response\.(completed|incomplete|failed|cancelled)$/.test(type);
      this.#known(0, isLast ? (response?.['status'] ?? type.slice(9)) : undefined);
      if (isLast) this.#tell(response?.['usage'], response?.['model']);
    } else if (type === 'message_start' && message !== undefined) {
      this.#known(0, undefined);
      this.#tell(message['usage'], message['model']);
    } else if (type === 'message_delta') {
      this.#known(0, recordOf(fields['delta'])?.['stop_reason']);
      const usage = recordOf(fields['usage']);
      if (usage !== undefined) this.#tell({ ...recordOf(this.#usage), ...usage }, undefined);
    } else if (type === 'stream-start' || type === 'start-step') {
      this.#known(0, undefined);
    } else if (type === 'finish' && 'finishReason' in fields) {
      // The AI SDK: of middleware, and of `fullStream`.
      this.#known(0, fields['finishReason']);
      this.#tell(fields['usage'] ?? fields['totalUsage'], undefined);
    }
  }

  #tell(usage: unknown, model: unknown): void {
    if (usageOf(usage) !== undefined) this.#usage = usage;
    if (typeof model === 'string' && model !== '') this.#model ??= model;
  }
}

function isFilled(text: unknown): boolean {
  return typeof text === 'string' && text !== '';
}

function recordOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null ? (value as Fields) : undefined;
}
