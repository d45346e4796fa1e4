const variables = [
  'REDIS_URL',
  'CACHE_PRESET',
  'CACHE_ENV',
  'DASHBOARD_PASSWORD',
  'OPENAI_BASE_URL',
  'OPENAI_API_KEY',
  'OPENAI_MODEL',
  'OPENAI_TIMEOUT_MS',
  'CHAT_TOKEN_MS',
  'CHAT_INPUT_PRICE',
  'CHAT_OUTPUT_PRICE',
];

/** Runs `start` with these variables alone, of those that the demo knows, and puts the others back. */
export async function withEnvironment<T>(env: Record<string, string>, start: () => Promise<T>): Promise<T> {
  const before = { ...process.env };
  for (const name of variables) delete process.env[name];
  Object.assign(process.env, env);
  try {
    return await start();
  } finally {
    for (const name of variables) {
      const value = before[name];
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}
