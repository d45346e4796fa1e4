import { readEnvironment } from './environment.js';

describe('readEnvironment', () => {
  it('has a default for every variable', () => {
    expect(readEnvironment({})).toEqual({
      host: '127.0.0.1',
      port: 3000,
      openAi: undefined,
      chat: { tokenMs: 40, price: { inputPerMillion: 2.5, outputPerMillion: 10, isAssumed: true } },
    });
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

  it('assumes no price for a language model server', () => {
    const env = { OPENAI_BASE_URL: 'http://127.0.0.1:8000/v1' };
    const prices = { CHAT_INPUT_PRICE: '0.15', CHAT_OUTPUT_PRICE: '0.6' };

    expect(readEnvironment(env).chat.price).toBeUndefined();
    expect(readEnvironment({ ...env, ...prices }).chat.price).toEqual({
      inputPerMillion: 0.15,
      outputPerMillion: 0.6,
      isAssumed: false,
    });
  });

  it.each([
    [{ CHAT_TOKEN_MS: '-1' }, 'CHAT_TOKEN_MS must be an integer from 0 to 5000'],
    [
      { CHAT_INPUT_PRICE: '$2', CHAT_OUTPUT_PRICE: '8' },
      'CHAT_INPUT_PRICE must be dollars per million tokens',
    ],
    [{ CHAT_INPUT_PRICE: '2' }, 'CHAT_INPUT_PRICE and CHAT_OUTPUT_PRICE must be set together'],
    [{ PORT: 'http' }, 'PORT must be an integer'],
    [{ PORT: '70000' }, 'PORT must be an integer from 0 to 65535'],
    [{ OPENAI_BASE_URL: 'api.openai.com' }, 'OPENAI_BASE_URL must be a URL'],
  ])('refuses %j', (env, message) => {
    expect(() => readEnvironment(env)).toThrow(message);
  });
});
