type Fields = Readonly<Record<string, unknown>>;

/** What the body of a provider's response says about itself, when a producer returns it as the value. */
export interface RawBody {
  /** Its finish reasons: one for each choice. */
  readonly finishReasons: readonly unknown[];
  /** Whether it is an error in the form of an answer. */
  readonly isError: boolean;
  readonly usage?: unknown;
  readonly model?: unknown;
}

/**
 * Reads a value that is the body of a response of OpenAI (chat and Responses API), Anthropic, Gemini or Ollama, a result
 * of the AI SDK, or an envelope `{ error: { message } }`. Undefined for any other value.
 */
export function rawBodyOf(value: unknown): RawBody | undefined {
  const body = recordOf(value);
  if (body === undefined) return undefined;
  if (isErrorBody(body)) return { finishReasons: [], isError: true };
  const finishReasons = reasonsOf(body);
  if (finishReasons === undefined) return undefined;
  const { usage = body['usageMetadata'], model } = body;
  return { finishReasons, isError: false, usage, model };
}

function reasonsOf(body: Fields): readonly unknown[] | undefined {
  const { choices, candidates, output, content, status } = body;
  if (isListOf(choices, 'finish_reason')) return choices.map(({ finish_reason: reason }) => reason);
  if (isListOf(candidates, 'finishReason')) return candidates.map(({ finishReason: reason }) => reason);
  // A response that was blocked before it began has no candidate.
  if (recordOf(body['promptFeedback'])?.['blockReason'] !== undefined) return ['blocked'];
  if (body['object'] === 'response' && Array.isArray(output)) return [status];
  if (body['type'] === 'message' && Array.isArray(content) && 'stop_reason' in body)
    return [body['stop_reason']];
  if (typeof body['done'] === 'boolean' && ('message' in body || 'response' in body))
    return [body['done'] ? (body['done_reason'] ?? 'stop') : null];
  const isResult = 'finishReason' in body && 'usage' in body && ('text' in body || Array.isArray(content));
  return isResult ? [body['finishReason']] : undefined;
}

/** The envelope of an error: of the providers, and of JSON-RPC. */
function isErrorBody(body: Fields): boolean {
  const error = recordOf(body['error']);
  if (typeof error?.['message'] !== 'string') return false;
  return !['choices', 'candidates', 'output', 'content', 'data', 'result'].some((name) =>
    isFilled(body[name]),
  );
}

function isFilled(part: unknown): boolean {
  return Array.isArray(part) ? part.length > 0 : part !== undefined && part !== null;
}

function isListOf(value: unknown, name: string): value is readonly Fields[] {
  if (!Array.isArray(value) || value.length === 0) return false;
  return value.every((each: unknown) => {
    const fields = recordOf(each);
    return fields !== undefined && name in fields;
  });
}

function recordOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null ? (value as Fields) : undefined;
}
