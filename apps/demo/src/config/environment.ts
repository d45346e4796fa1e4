import type { OpenAiOptions } from '../text/openai-server.js';

export interface Environment {
  host: string;
  port: number;
  /** Undefined: use the local text engine. */
  openAi: OpenAiOptions | undefined;
  /** Password of the dashboard. Undefined: it answers requests from this machine, and in production none. */
  dashboardPassword: string | undefined;
  chat: ChatSettings;
}

export interface ChatSettings {
  /** Milliseconds for a token of the local engine. */
  tokenMs: number;
  /** Undefined: the prices of the language model server are not known. */
  price: ChatPrice | undefined;
}

/** Dollars per million tokens. */
export interface ChatPrice {
  inputPerMillion: number;
  outputPerMillion: number;
  /** The engine costs nothing: the price shows what a language model would cost. */
  isAssumed: boolean;
}

/**
 * The demo's own settings from the environment; the cache reads its variables (`REDIS_URL`, `CACHE_PRESET`, …) itself.
 *
 * `OPENAI_BASE_URL` selects a language model server. `OPENAI_API_KEY` alone, which many shells export, selects none:
 * trying the demo must not cost money.
 */
export function readEnvironment(env: NodeJS.ProcessEnv = process.env): Environment {
  const server = openAi(env);
  return {
    host: env['HOST'] ?? '127.0.0.1',
    port: integer(env, 'PORT', 3000, 65_535),
    openAi: server,
    dashboardPassword: textOf(env, 'DASHBOARD_PASSWORD'),
    chat: {
      tokenMs: integer(env, 'CHAT_TOKEN_MS', 40, 5000),
      price: server === undefined ? { ...(priceIn(env) ?? assumed), isAssumed: true } : knownPrice(env),
    },
  };
}

const assumed = { inputPerMillion: 2.5, outputPerMillion: 10 };

function knownPrice(env: NodeJS.ProcessEnv): ChatPrice | undefined {
  const price = priceIn(env);
  return price === undefined ? undefined : { ...price, isAssumed: false };
}

function priceIn(env: NodeJS.ProcessEnv): Omit<ChatPrice, 'isAssumed'> | undefined {
  const [inputPerMillion, outputPerMillion] = [
    price(env, 'CHAT_INPUT_PRICE'),
    price(env, 'CHAT_OUTPUT_PRICE'),
  ];
  if (inputPerMillion === undefined && outputPerMillion === undefined) return undefined;
  if (inputPerMillion === undefined || outputPerMillion === undefined) {
    throw new Error('CHAT_INPUT_PRICE and CHAT_OUTPUT_PRICE must be set together');
  }
  return { inputPerMillion, outputPerMillion };
}

function price(env: NodeJS.ProcessEnv, name: string): number | undefined {
  const text = env[name]?.trim() ?? '';
  if (text === '') return undefined;
  const value = Number(text);
  if (Number.isFinite(value) && value >= 0) return value;
  throw new Error(`${name} must be dollars per million tokens such as "2.5", got ${JSON.stringify(text)}`);
}

function openAi(env: NodeJS.ProcessEnv): OpenAiOptions | undefined {
  const baseUrl = env['OPENAI_BASE_URL'];
  if (baseUrl === undefined || baseUrl === '') return undefined;
  if (!URL.canParse(baseUrl) || !/^https?:/.test(baseUrl)) {
    throw new Error('OPENAI_BASE_URL must be a URL such as "https://api.openai.com/v1"');
  }
  const [model = 'gpt-4o-mini', ...others] = (env['OPENAI_MODEL'] ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return {
    baseUrl,
    apiKey: env['OPENAI_API_KEY'],
    models: [model, ...others],
    timeoutMs: integer(env, 'OPENAI_TIMEOUT_MS', 30_000, 600_000),
  };
}

function textOf(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const text = env[name];
  return text === '' ? undefined : text;
}

function integer(env: NodeJS.ProcessEnv, name: string, fallback: number, max: number): number {
  const text = env[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw new Error(`${name} must be an integer from 0 to ${max}, got ${JSON.stringify(text)}`);
  }
  return value;
}
