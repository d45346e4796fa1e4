import { readEnvironment } from './environment.js';

describe('readEnvironment', () => {
  it('has a default for every variable', () => {
    expect(readEnvironment({})).toEqual({ host: '127.0.0.1', port: 3000, openAi: undefined });
  });

  it('keeps the local engine when only a key is there', () => {
    expect(readEnvironment({ OPENAI_API_KEY: 'secret' }).openAi).toBeUndefined();
  });

  it('takes a list of models, of which the first is the default', () => {
    const env = {
      OPENAI_BASE_URL: 'http://127.0.0.1:8000/v1',
      OPENAI_MODEL: 'small, large',
      OPENAI_TIMEOUT_MS: '500',
    };

    expect(readEnvironment(env).openAi).toEqual({
      baseUrl: 'http://127.0.0.1:8000/v1',
      apiKey: undefined,
      models: ['small', 'large'],
      timeoutMs: 500,
    });
  });

  it.each([
    [{ PORT: 'http' }, 'PORT must be an integer'],
    [{ PORT: '70000' }, 'PORT must be an integer from 0 to 65535'],
    [{ OPENAI_BASE_URL: 'api.openai.com' }, 'OPENAI_BASE_URL must be a URL'],
  ])('refuses %j', (env, message) => {
    expect(() => readEnvironment(env)).toThrow(message);
  });
});
