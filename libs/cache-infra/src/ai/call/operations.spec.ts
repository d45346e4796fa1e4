import { jest } from '@jest/globals';
import { InMemoryCache } from '../../cache/in-memory-cache.js';
import { AiNotCachedError, ValidationError } from '../../base/errors.js';
import { AiCacheService } from '../ai-cache.service.js';
import type { AiOutput } from '../answer/output.js';
import type { AiCacheSettings } from './settings.js';

const request = { model: 'small', text: 'It works.' };

function setUp(settings: AiCacheSettings = {}) {
  const warnings: string[] = [];
  const logger = { warn: (message: string) => warnings.push(message), log: () => undefined };
  const cache = new InMemoryCache({ name: 'ai' });
  return { cache, warnings, ai: new AiCacheService(cache, { logger, ...settings }) };
}

function producer<T>(...values: T[]) {
  let runs = 0;
  return jest.fn(() => Promise.resolve({ value: values[Math.min(runs++, values.length - 1)] as T }));
}

describe('operations', () => {
  it('ttl is that of the operation, and its two forms cannot contradict each other', () => {
    const { ai } = setUp({ operations: { chat: { ttl: '2h' } } });
    expect(ai.explain('chat', request).ttl).toMatchObject({ seconds: 7200, source: 'operation' });
    expect(() => setUp({ operations: { chat: { ttl: 1 } }, operationTtls: { chat: 2 } })).toThrow(
      'operationTtls.chat is set in operations.chat.ttl, too',
    );
  });

  it('lists every problem, with the path', () => {
    const operations = { chat: { ttl: '1 fortnight', admit: true, requries: ['tenant'] }, faq: 5 } as never;
    expect(() => setUp({ operations })).toThrow(
      /operations\.chat\.ttl .*operations\.chat\.admit .*requries.*operations\.faq/,
    );
  });

  it('requires: a request without the field is refused, whatever stands for nothing', async () => {
    const { ai } = setUp({ operations: { chat: { requires: ['tenant', 'user'] } } });
    for (const tenant of [undefined, null, '', '  ', {}, [], Number.NaN]) {
      await expect(ai.run('chat', { ...request, tenant, user: 'u' }, producer(1))).rejects.toThrow(
        'request.tenant is required by operation "chat"',
      );
    }
    await expect(ai.run('chat', request, producer(1))).rejects.toThrow(/request\.tenant .*request\.user/);
    expect((await ai.run('chat', { ...request, tenant: 7, user: 'u' }, producer(1))).value).toBe(1);
  });

  it('requires: a field that the key leaves out is refused at start', () => {
    expect(() =>
      setUp({ operations: { chat: { requires: ['user'] } }, ignored: { fields: ['user'] } }),
    ).toThrow("operations.chat.requires names 'user', which ignored.fields leaves out of the key");
  });

  it('A6: two services on one cache cannot mean two things by one operation', () => {
    const { cache } = setUp({ operations: { ask: { ttl: 60, admit: () => true } } });
    expect(() => new AiCacheService(cache, { operations: { ask: { ttl: 61, admit: () => true } } })).toThrow(
      "operations.ask is registered on cache 'ai' by another AiCacheService with other settings",
    );
    new AiCacheService(cache, { operations: { ask: { ttl: 60, admit: () => true }, other: {} } });
    new AiCacheService(cache, { operations: { ask: { ttl: 61 } }, keyPrefix: 'second' });
    new AiCacheService(new InMemoryCache(), { operations: { ask: { ttl: 61 } } });
  });

  it('A14: admit keeps an answer out, and its callers get it', async () => {
    const { ai } = setUp({
      operations: { weather: { admit: (output: AiOutput<{ ok: boolean }>) => output.value.ok } },
    });
    const produce = producer({ ok: false }, { ok: true });
    expect(await ai.run('weather', request, produce)).toMatchObject({
      value: { ok: false },
      bypassed: 'not-admitted',
    });
    expect(await ai.run('weather', request, produce)).toMatchObject({ value: { ok: true }, cached: false });
    expect(await ai.run('weather', request, produce)).toMatchObject({ value: { ok: true }, cached: true });
  });

  it('admit may be async; if it throws, the answer is not stored, and the log tells it once', async () => {
    const { ai, warnings } = setUp({
      operations: {
        a: { admit: () => Promise.resolve(false) },
        b: { admit: () => Promise.reject(new Error('bug')) },
      },
    });
    expect((await ai.run('a', request, producer(1))).bypassed).toBe('not-admitted');
    for (let i = 0; i < 2; i++) {
      expect(await ai.run('b', request, producer(1))).toMatchObject({ value: 1, bypassed: 'not-admitted' });
    }
    expect(warnings).toEqual(['AiCacheService: admit of operation "b" threw: bug; the answer is not stored']);
  });

  it('A14: built in are the bodies of providers that are errors or incomplete', async () => {
    const { ai } = setUp();
    const bodies = [
      { error: { message: 'overloaded', type: 'server_error' } },
      { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
      { jsonrpc: '2.0', id: 1, error: { code: -32_000, message: 'x' } },
      { choices: [{ finish_reason: 'stop' }, { finish_reason: 'length' }] },
      { choices: [{ finish_reason: null, delta: { content: 'x' } }] },
      { object: 'response', status: 'incomplete', output: [{ type: 'message' }] },
      { type: 'message', content: [{ type: 'text', text: 'x' }], stop_reason: 'max_tokens' },
      { candidates: [{ finishReason: 'MAX_TOKENS' }] },
      { promptFeedback: { blockReason: 'SAFETY' } },
      { message: { content: 'x' }, done: false },
      { text: 'x', finishReason: 'length', usage: {} },
    ];
    for (const [index, value] of bodies.entries()) {
      const { bypassed } = await ai.run(`op${index}`, request, producer(value));
      expect([value, bypassed]).toEqual([value, expect.stringMatching(/^(error|unfinished)$/)]);
    }
    const fine = [
      {
        choices: [{ finish_reason: 'stop' }],
        usage: { prompt_tokens: 3, completion_tokens: 4 },
        model: 'm-1',
      },
      { object: 'response', status: 'completed', error: null, output: [] },
      { type: 'message', content: [], stop_reason: 'end_turn' },
      { candidates: [{ finishReason: 'STOP' }] },
      { message: { content: 'x' }, done: true, done_reason: 'stop' },
      { error: 'syntax', text: 'a classification of my own' },
      { data: [], error: { message: 'partial' }, result: 1 },
    ];
    for (const [index, value] of fine.entries()) {
      const { bypassed } = await ai.run(`fine${index}`, request, producer(value));
      expect([value, bypassed]).toEqual([value, undefined]);
    }
    expect(await ai.peek('fine0', request)).toMatchObject({
      usage: { inputTokens: 3, outputTokens: 4 },
      model: 'm-1',
    });
  });

  it('accept: an answer whose evidence no longer holds is a miss, and is replaced', async () => {
    let version = 1;
    const { ai } = setUp({
      operations: { ask: { accept: ({ evidence }) => evidence.version === version } },
    });
    const produce = jest.fn(async ({ evidence }: { evidence: (x: unknown) => void }) => {
      evidence({ version });
      return Promise.resolve({ value: `of ${version}` });
    });
    await ai.run('ask', request, produce);
    expect((await ai.run('ask', request, produce)).cached).toBe(true);
    version = 2;
    expect(await ai.peek('ask', request)).toBeUndefined();
    expect(await ai.run('ask', request, produce)).toMatchObject({
      value: 'of 2',
      cached: false,
      evidence: { version: 2 },
    });
    expect((await ai.run('ask', request, produce)).cached).toBe(true);
    expect(ai.stats({ by: 'operation' }).groups).toMatchObject([
      { name: 'ask', notAccepted: 2, hits: 2, misses: 2 },
    ]);
  });

  it('accept: what one user may not see is not served, stored or shared', async () => {
    const { ai } = setUp({
      operations: { ask: { accept: ({ evidence }, { user }) => evidence.users.includes(user) } },
      ignored: { fields: ['user'] },
    });
    const ask = (user: string, value: string) =>
      ai.run('ask', { ...request, user }, async ({ evidence }) => {
        evidence({ users: [user] });
        return Promise.resolve({ value });
      });
    const together = await Promise.all([ask('hr', '4,200'), ask('guest', 'denied'), ask('other', 'none')]);
    expect(together.map(({ value }) => value)).toEqual(['4,200', 'denied', 'none']);
    expect(together[1]).toMatchObject({ bypassed: 'not-accepted', cached: false });
    expect((await ask('hr', 'x')).value).toBe('4,200');
    expect((await ask('guest', 'denied again')).value).toBe('denied again');
  });

  it('accept: a refused answer is not served as a stale one, when its replacement fails', async () => {
    const cache = new InMemoryCache({ grace: '1h' });
    const ai = new AiCacheService(cache);
    const { key } = await ai.run('ask', request, producer('of another user'));
    await cache.markStale(key);
    const fails = () => Promise.reject(new Error('provider is down'));
    const accept = jest.fn(() => false);
    await expect(ai.run('ask', request, fails, { accept })).rejects.toThrow('provider is down');
    const stream = ai.stream(
      'ask',
      request,
      () => {
        throw new Error('provider is down');
      },
      { accept },
    );
    await expect(stream.status).rejects.toThrow('provider is down');
  });

  it('accept is asked once for a hit', async () => {
    const { ai } = setUp();
    await ai.run('ask', request, producer('a'));
    const accept = jest.fn(() => true);
    await ai.run('ask', request, producer('b'), { accept });
    expect(accept).toHaveBeenCalledTimes(1);
  });

  it('accept that throws refuses, and the log tells it', async () => {
    const { ai, warnings } = setUp();
    const accept = () => {
      throw new Error('bug');
    };
    await ai.run('ask', request, producer('a'));
    expect((await ai.run('ask', request, producer('b'), { accept })).value).toBe('b');
    expect(warnings).toEqual([
      'AiCacheService: accept of operation "ask" threw: bug; the stored answer is a miss',
    ]);
  });

  it('A1: revive makes hits what the producer gave', async () => {
    class Message {
      constructor(readonly content: string) {}
      toJSON() {
        return { type: 'message', content: this.content };
      }
      shout() {
        return this.content.toUpperCase();
      }
    }
    const revive = ({ content }: { content: string }) => new Message(content);
    const { ai, warnings } = setUp({ operations: { chat: { revive } } });
    const first = await ai.run('chat', request, producer(new Message('hello')));
    expect(first.value).toBeInstanceOf(Message);
    expect(first.bypassed).toBeUndefined();
    const hit = await ai.run('chat', request, producer(new Message('other')));
    expect(hit).toMatchObject({ cached: true });
    expect(hit.value.shout()).toBe('HELLO');
    expect(warnings).toEqual([]);
  });

  it('revive that throws makes the stored answer a miss', async () => {
    let isBroken = false;
    const revive = (value: string) => {
      if (isBroken) throw new Error('bug');
      return value;
    };
    const { ai, warnings } = setUp({ operations: { chat: { revive } } });
    await ai.run('chat', request, producer('a'));
    isBroken = true;
    expect((await ai.run('chat', request, producer('b'))).value).toBe('b');
    expect(warnings).toEqual([
      'AiCacheService: revive of operation "chat" threw: bug; the stored answer is a miss',
    ]);
  });
});

describe('control', () => {
  it('noCache produces anew and stores; noStore serves what is stored, and stores nothing', async () => {
    const { ai } = setUp();
    expect(await ai.run('a', request, producer(1), { noStore: true })).toMatchObject({
      value: 1,
      bypassed: 'requested',
    });
    expect(await ai.peek('a', request)).toBeUndefined();
    await ai.run('a', request, producer(2));
    expect(await ai.run('a', request, producer(3), { noStore: true })).toMatchObject({
      value: 2,
      cached: true,
    });
    expect(await ai.run('a', request, producer(4), { noCache: true })).toMatchObject({
      value: 4,
      cached: false,
    });
    expect((await ai.peek('a', request))?.value).toBe(4);
    expect((await ai.run('a', request, producer(5), { noCache: true, noStore: true })).value).toBe(5);
    expect((await ai.peek('a', request))?.value).toBe(4);
  });

  it('onlyIfCached never produces', async () => {
    const { ai } = setUp();
    const produce = producer(1);
    await expect(ai.run('a', request, produce, { onlyIfCached: true })).rejects.toThrow(AiNotCachedError);
    expect(produce).not.toHaveBeenCalled();
    await ai.run('a', request, produce);
    expect((await ai.run('a', request, producer(2), { onlyIfCached: true })).value).toBe(1);
    await expect(ai.run('a', request, produce, { onlyIfCached: true, refresh: true })).rejects.toThrow(
      ValidationError,
    );
  });
});

describe('estimates and logs', () => {
  it('countTokens meters answers without usage; if it throws, they count as unmetered', async () => {
    const prices = { small: { inputPerMillion: 1e6, outputPerMillion: 1e6 } };
    const { ai } = setUp({ prices, countTokens: (text) => text.length });
    await ai.run('a', request, producer('four'));
    expect((await ai.run('a', request, producer('x'))).savings).toMatchObject({
      inputTokens: 'It works.'.length,
      outputTokens: 4,
      cost: 13,
    });
    const broken = setUp({
      countTokens: () => {
        throw new Error('bug');
      },
    });
    await broken.ai.run('a', request, producer('x'));
    expect((await broken.ai.run('a', request, producer('x'))).savings).toMatchObject({ unmetered: true });
    expect(broken.warnings).toHaveLength(1);
  });

  it('A10: usage of an unknown form reaches the log, without its values', async () => {
    const { ai, warnings } = setUp();
    await ai.run('a', request, () => ({ value: 1, usage: { secretTokens: 'sk-123' } }));
    await ai.run('b', request, () => ({ value: 1, usage: null }));
    expect(warnings).toEqual([
      'AiCacheService: usage of operation "a" has no known form (secretTokens); it counts as unmetered',
    ]);
  });
});

describe('invalidate, explain, stats', () => {
  it('invalidates one answer by its key', async () => {
    const { ai } = setUp();
    const { key } = await ai.run('a', request, producer(1));
    await ai.run('b', request, producer(1));
    await ai.invalidate({ key });
    expect(await ai.peek('a', request)).toBeUndefined();
    expect(await ai.peek('b', request)).toBeDefined();
    await expect(ai.invalidate({ key, operation: 'a' })).rejects.toThrow('names one answer');
  });

  it('explains in which fields two requests differ', () => {
    const { ai } = setUp();
    expect(ai.explain('a', { ...request, user: 1, x: 1 }, { ...request, user: 2, y: 1 }).differs).toEqual([
      'user',
      'x',
      'y',
    ]);
    expect(ai.explain('a', request, { ...request }).differs).toEqual([]);
  });

  it('counts by tenant', async () => {
    const { ai } = setUp();
    for (const tenant of ['acme', 'acme', 7]) await ai.run('a', { ...request, tenant }, producer(1));
    expect(ai.stats({ by: 'tenant' }).groups.map(({ name, calls }) => [name, calls])).toEqual([
      ['acme', 2],
      ['7', 1],
    ]);
  });
});
