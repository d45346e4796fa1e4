import type { OpenAiOptions } from '../text/openai-text-engine.js';

export interface Environment {
  host: string;
  port: number;
  /** Undefined: use the local text engine. */
  openAi: OpenAiOptions | undefined;
}

/**
 * The demo's own settings from the environment; the cache reads its variables (`REDIS_URL`, `CACHE_PRESET`, …) itself.
 *
 * `OPENAI_BASE_URL` selects a language model server. `OPENAI_API_KEY` alone, which many shells export, selects none:
 * trying the demo must not cost money.
 */
export function readEnvironment(env: NodeJS.ProcessEnv = process.env): Environment {
  return {
    host: env['HOST'] ?? '127.0.0.1',
    port: integer(env, 'PORT', 3000, 65_535),
    openAi: openAi(env),
  };
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

function integer(env: NodeJS.ProcessEnv, name: string, fallback: number, max: number): number {
  const text = env[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw new Error(`${name} must be an integer from 0 to ${max}, got ${JSON.stringify(text)}`);
  }
  return value;
}
