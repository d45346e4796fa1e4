import { describe, expect, it } from '@jest/globals';

import { requestOf } from './llm-key.js';

const key = '_model:"base_chat_model",_type:"openai",model:"gpt-4o",temperature:0';

describe('the request of a model call of LangChain', () => {
  it('has the model, the prompt and the parameters', () => {
    expect(requestOf('Human: a', `${key},stop:["x,apiKey:",","]`)).toEqual({
      model: 'gpt-4o',
      prompt: 'Human: a',
      llm: [
        '_model:"base_chat_model"',
        '_type:"openai"',
        'model:"gpt-4o"',
        'temperature:0',
        'stop:["x,apiKey:",","]',
      ],
    });
  });

  it.each(['apiKey:"sk-secret"', 'openAIApiKey:"sk-secret"', 'api_key:"sk-\\"secret,"'])(
    'leaves out %s',
    (secret) => {
      const request = requestOf('Human: a', `${secret},${key}`);
      expect(request).toEqual(requestOf('Human: a', key));
      expect(JSON.stringify(request)).not.toContain('secret');
    },
  );

  it('keeps a field of that name in a tool', () => {
    const tools = (value: string) => `${key},tools:[{"apiKey":"${value}"}]`;
    expect(requestOf('a', tools('1'))).not.toEqual(requestOf('a', tools('2')));
  });

  it('takes a text of another form as it is', () => {
    expect(requestOf('a', 'my own model')).toEqual({ prompt: 'a', llm: [':my own model'] });
  });

  it.each([
    'Human: what[image]',
    'Human: [audio]',
    'Human: [file]',
    'AI: [tool_result]',
    'Human: [text-plain file]',
  ])('is unknown for %s: LangChain does not tell it', (prompt) => {
    expect(requestOf(prompt, key)).toBeUndefined();
  });

  it.each(['Human: a[i] = 1', 'Human: see [1] and [the docs](https://example.com)', 'Human: []'])(
    'is known for %s',
    (prompt) => {
      expect(requestOf(prompt, key)).toBeDefined();
    },
  );

  it.each(['previous_response_id:"r1"', 'conversation:"c1"'])(
    'is unknown with %s: the server has a part of it',
    (state) => {
      expect(requestOf('Human: a', `${key},${state}`)).toBeUndefined();
    },
  );
});
