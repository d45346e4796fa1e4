import { aiInMemory, aiRequest as request } from '../../../../../test/support/ai-calls.js';
import { SerializationError } from '../../base/errors.js';
import { AiCacheService } from '../ai-cache.service.js';

/** A provider whose prompt stands in code. It counts its calls. */
function assistant(ai: AiCacheService, systemPrompt: string) {
  let calls = 0;
  const ask = async (question: object): Promise<string> =>
    (await ai.run('ask', question, () => ({ value: `${systemPrompt}, call ${++calls}` }))).value;
  return { ask };
}

describe('A6: two prompts that stand in code only', () => {
  it('A6: share an answer, for the key cannot know them', async () => {
    const { ai, cache } = aiInMemory();
    expect(await assistant(ai, 'polite').ask(request)).toBe('polite, call 1');
    expect(await assistant(new AiCacheService(cache), 'rude').ask(request)).toBe('polite, call 1');
  });

  it.each([
    ['the prompt in the request', { system: 'polite' }, { system: 'rude' }],
    ['promptVersion', { promptVersion: 1 }, { promptVersion: 2 }],
  ])('A6: have answers of their own with %s', async (_, polite, rude) => {
    const { ai, cache } = aiInMemory();
    expect(await assistant(ai, 'polite').ask({ ...request, ...polite })).toBe('polite, call 1');
    const other = assistant(new AiCacheService(cache), 'rude');
    expect(await other.ask({ ...request, ...rude })).toBe('rude, call 1');
    expect(await assistant(ai, 'polite').ask({ ...request, ...polite })).toBe('polite, call 1');
  });

  it('A6: have answers of their own with a keyPrefix for each service', async () => {
    const { ai, cache } = aiInMemory();
    expect(await assistant(ai, 'polite').ask(request)).toBe('polite, call 1');
    const other = assistant(new AiCacheService(cache, { keyPrefix: 'second' }), 'rude');
    expect(await other.ask(request)).toBe('rude, call 1');
  });
});

describe('A18: equal requests at temperature 1', () => {
  const sampled = { ...request, temperature: 1 };

  it('A18: share one answer', async () => {
    const { ask } = assistant(aiInMemory().ai, 'random');
    expect([await ask(sampled), await ask({ ...sampled })]).toEqual(['random, call 1', 'random, call 1']);
  });

  it('A18: have an answer for each sample, and each is stored', async () => {
    const { ask } = assistant(aiInMemory().ai, 'random');
    const answers = [];
    for (const sample of [1, 2, 1, 2]) answers.push(await ask({ ...sampled, sample }));
    expect(answers).toEqual(['random, call 1', 'random, call 2', 'random, call 1', 'random, call 2']);
  });
});

describe('A19: tools in a request', () => {
  const tools = (description: string) => [
    {
      name: 'weather',
      description,
      parameters: { type: 'object', properties: { city: { type: 'string' } } },
      execute: (): string => 'sunny',
    },
  ];

  it('A19: with functions are refused with the path to the first, before the producer runs', async () => {
    const { ai } = aiInMemory();
    let calls = 0;
    const asked = ai.run('ask', { ...request, tools: tools('of a city') }, () => ({ value: ++calls }));
    await expect(asked).rejects.toThrow(SerializationError);
    await expect(asked).rejects.toThrow('function cannot be part of a key (at $.tools[0].execute)');
    expect(calls).toBe(0);
  });

  it('A19: are part of the key by their definitions', async () => {
    const { ask } = assistant(aiInMemory().ai, 'with tools');
    const definitions = (description: string) =>
      tools(description).map(({ name, description, parameters }) => ({ name, description, parameters }));
    expect(await ask({ ...request, tools: definitions('of a city') })).toBe('with tools, call 1');
    expect(await ask({ ...request, tools: definitions('of a city') })).toBe('with tools, call 1');
    expect(await ask({ ...request, tools: definitions('of a country') })).toBe('with tools, call 2');
  });
});
