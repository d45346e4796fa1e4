/** The request of a model call, as far as the cache interface of LangChain tells it. */
export interface LangChainRequest {
  readonly model?: string;
  /** The messages as text. */
  readonly prompt: string;
  /** Parameters of the model and of the call, each as `name:JSON`. */
  readonly llm: readonly string[];
}

/**
 * Parameters that change nothing about the answer: credentials, transport, the bill, and the provider's own prompt
 * cache. `user` and `metadata`, by which applications scope answers, are in the key.
 */
const ignored = new Set([
  ...['signal', 'timeout', 'maxRetries', 'maxConcurrency', 'dangerouslyAllowBrowser'],
  ...['stream', 'streamUsage', 'stream_options', 'service_tier', 'safety_identifier'],
  ...['prompt_cache_key', 'promptCacheKey', 'prompt_cache_retention', 'promptCacheRetention'],
]);
const apiKey = /api_?key$/i;

/** Parameters that name state on the provider's server, which the request does not show. */
const serverState = ['previous_response_id', 'conversation'];

/**
 * Placeholders that LangChain writes into the prompt in place of a picture, a sound, a file, thoughts, or a block of a
 * provider (`[tool_result]`). Two pictures have one placeholder.
 */
const placeholder =
  /\[(?:image|audio|video|file|text-plain file|document|media|thinking|[a-z]+(?:_[a-z]+)+|(?:inline|file)Data)\]/;

/** The request; undefined if `prompt` and `llmKey` do not tell all of it, so that its answer cannot be cached. */
export function requestOf(prompt: string, llmKey: string): LangChainRequest | undefined {
  if (placeholder.test(prompt)) return undefined;
  const parameters = parametersOf(llmKey);
  if (parameters.some(([name]) => serverState.includes(name))) return undefined;
  const significant = parameters.filter(([name]) => !ignored.has(name) && !apiKey.test(name));
  const model = modelOf(significant);
  const llm = significant.map(([name, json]) => `${name}:${json}`);
  return { ...(model === undefined ? {} : { model }), prompt, llm };
}

type Parameter = readonly [name: string, json: string];

/** Splits `name:JSON,name:JSON`. A text of another form is one parameter. */
function parametersOf(llmKey: string): readonly Parameter[] {
  const all: Parameter[] = [];
  let start = 0;
  let depth = 0;
  let isText = false;
  for (let at = 0; at <= llmKey.length; at++) {
    const character = llmKey[at];
    if (isText) {
      if (character === '\\') at += 1;
      else if (character === '"') isText = false;
    } else if (character === '"') isText = true;
    else if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') depth -= 1;
    if (at < llmKey.length && (isText || depth > 0 || character !== ',')) continue;
    const text = llmKey.slice(start, at);
    const colon = text.indexOf(':');
    all.push(colon < 0 ? ['', text] : [text.slice(0, colon), text.slice(colon + 1)]);
    start = at + 1;
  }
  return all;
}

function modelOf(parameters: readonly Parameter[]): string | undefined {
  for (const wanted of ['model', 'modelName', 'model_name', 'modelId']) {
    const json = parameters.find(([name]) => name === wanted)?.[1];
    if (json?.startsWith('"') !== true) continue;
    try {
      return JSON.parse(json) as string;
    } catch {
      return undefined;
    }
  }
  return undefined;
}
