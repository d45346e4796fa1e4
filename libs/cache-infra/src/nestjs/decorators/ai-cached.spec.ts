import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Inject, Injectable, Logger, Scope, type DynamicModule, type Provider } from '@nestjs/common';
import { ContextIdFactory, REQUEST } from '@nestjs/core';
import { Test, type TestingModule } from '@nestjs/testing';
import { of, firstValueFrom, Observable } from 'rxjs';

import { turn } from '../../../../../test/support/deferred.js';
import { AiCacheService } from '../../ai/index.js';
import { ValidationError } from '../../base/errors.js';
import { CacheInfraModule } from '../module/cache-infra.module.js';
import { getAiCacheToken } from '../registry/ai-tokens.js';
import { AiCached } from './ai-cached.js';

interface Reply {
  readonly text: string;
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number };
  readonly finishReason: string;
}

@Injectable()
class Writer {
  calls = 0;
  finishReason = 'stop';

  @AiCached({ operation: 'summarize' })
  async summarize(text: string, lang?: string): Promise<string> {
    this.calls += 1;
    await turn();
    if (text === 'fail') throw new Error('overloaded');
    return `${text} ${lang ?? ''} ${String(this.calls)}`;
  }

  @AiCached({
    operation: 'reply',
    request: (question: string, user: { name: string }) => ({ model: 'small', question, user: user.name }),
    tenant: (_question: string, user: { tenant?: string }) => user.tenant,
    output: (reply: Reply) => ({ value: reply, usage: reply.usage, finishReason: reply.finishReason }),
    ttl: '1h',
    tags: ['replies'],
    condition: (question: string) => question !== 'now?',
  })
  async reply(question: string, user: { name: string; tenant?: string; session: object }): Promise<Reply> {
    this.calls += 1;
    const usage = { prompt_tokens: 100, completion_tokens: 10 };
    return Promise.resolve({ text: `${question} ${user.name}`, usage, finishReason: this.finishReason });
  }

  @AiCached({ operation: 'observed' })
  observed(text: string): Observable<string> {
    this.calls += 1;
    return of(`${text} ${String(this.calls)}`);
  }

  @AiCached({ operation: 'taking anything' })
  async anything(value: unknown): Promise<unknown> {
    this.calls += 1;
    return Promise.resolve(typeof value);
  }

  @AiCached({
    operation: 'wrong output',
    output: (): { value: string } => {
      throw new Error('no usage');
    },
  })
  async wrongOutput(): Promise<string> {
    this.calls += 1;
    return Promise.resolve('paid');
  }
}

const modules: TestingModule[] = [];
let warn: jest.SpiedFunction<Logger['warn']>;
beforeEach(() => {
  warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
});
afterEach(async () => {
  warn.mockRestore();
  for (const module of modules.splice(0)) await module.close();
});

/** An application with an AI cache in memory, or with other modules. */
async function start(providers: Provider[], imports: DynamicModule[] = [forAi()]): Promise<TestingModule> {
  const module = await Test.createTestingModule({ imports, providers }).compile();
  modules.push(module);
  return module.init();
}

function forAi(options: object = {}): DynamicModule {
  return CacheInfraModule.forAi({ useMemoryCache: true, ...options });
}

async function refusal(providers: Provider[], imports?: DynamicModule[]): Promise<string> {
  const error: unknown = await start(providers, imports).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ValidationError);
  return (error as ValidationError).message;
}

const warnings = (): string[] => warn.mock.calls.map(([message]) => String(message));

describe('@AiCached()', () => {
  it('answers an equal call from the cache, and another one by the method', async () => {
    const writer = (await start([Writer])).get(Writer);
    await expect(writer.summarize('a')).resolves.toBe('a  1');
    await expect(writer.summarize('a')).resolves.toBe('a  1');
    await expect(writer.summarize('a', undefined)).resolves.toBe('a  1');
    await expect(writer.summarize('a', 'de')).resolves.toBe('a de 2');
    expect(writer.calls).toBe(2);
  });

  it('runs the method once for equal calls at a time', async () => {
    const writer = (await start([Writer])).get(Writer);
    const replies = await Promise.all([1, 2, 3].map(async () => writer.summarize('a')));
    expect(replies).toEqual(['a  1', 'a  1', 'a  1']);
  });

  it('hands on the error of the method, which is not stored', async () => {
    const writer = (await start([Writer])).get(Writer);
    await expect(writer.summarize('fail')).rejects.toThrow('overloaded');
    await expect(writer.summarize('fail')).rejects.toThrow('overloaded');
    expect(writer.calls).toBe(2);
  });

  it('keys by the request, and tells usage, tags and ttl to the AI cache', async () => {
    const module = await start([Writer]);
    const [writer, ai] = [module.get(Writer), module.get(AiCacheService)];
    const user = { name: 'ann', tenant: 'acme' };
    const reply = await writer.reply('why?', { ...user, session: { opened: 1 } });
    await expect(writer.reply('why?', { ...user, session: { opened: 2 } })).resolves.toEqual(reply);
    expect(writer.calls).toBe(1);
    expect(ai.stats().totals).toMatchObject({
      hits: 1,
      misses: 1,
      inputTokensSaved: 100,
      outputTokensSaved: 10,
    });
    const stored = await ai.peek('reply', { model: 'small', question: 'why?', user: 'ann', tenant: 'acme' });
    expect(stored?.cacheStatus).toContain('ttl=3600');

    await ai.invalidate({ tags: ['replies'] });
    await writer.reply('why?', { ...user, session: {} });
    expect(writer.calls).toBe(2);
    await ai.invalidate({ tenant: 'acme' });
    await writer.reply('why?', { ...user, session: {} });
    expect(writer.calls).toBe(3);
  });

  it('keeps tenants apart, and refuses a call without one', async () => {
    const writer = (await start([Writer])).get(Writer);
    await writer.reply('why?', { name: 'ann', tenant: 'a', session: {} });
    await writer.reply('why?', { name: 'ann', tenant: 'b', session: {} });
    expect(writer.calls).toBe(2);
    await expect(writer.reply('why?', { name: 'ann', session: {} })).rejects.toThrow(
      /tenant must return the owner of the answer, got undefined/,
    );
    expect(writer.calls).toBe(2);
  });

  it('does not store an incomplete answer', async () => {
    const writer = (await start([Writer])).get(Writer);
    writer.finishReason = 'length';
    await writer.reply('why?', { name: 'ann', tenant: 'a', session: {} });
    await writer.reply('why?', { name: 'ann', tenant: 'a', session: {} });
    expect(writer.calls).toBe(2);
  });

  it('runs uncached if condition returns false', async () => {
    const module = await start([Writer]);
    const writer = module.get(Writer);
    await writer.reply('now?', { name: 'ann', tenant: 'a', session: {} });
    await writer.reply('now?', { name: 'ann', tenant: 'a', session: {} });
    expect(writer.calls).toBe(2);
    expect(module.get(AiCacheService).stats().totals).toMatchObject({ hits: 0, misses: 0 });
  });

  it('caches the value of an Observable', async () => {
    const writer = (await start([Writer])).get(Writer);
    await expect(firstValueFrom(writer.observed('a'))).resolves.toBe('a 1');
    await expect(firstValueFrom(writer.observed('a'))).resolves.toBe('a 1');
  });

  it('runs uncached, with one warning, for arguments that cannot be in a key', async () => {
    const writer = (await start([Writer])).get(Writer);
    await expect(writer.anything(() => 1)).resolves.toBe('function');
    await expect(writer.anything(() => 1)).resolves.toBe('function');
    expect(warnings().filter((words) => words.includes('Writer.anything runs uncached'))).toHaveLength(1);
  });

  it('returns the result if output throws, does not store it, and warns once', async () => {
    const writer = (await start([Writer])).get(Writer);
    await expect(writer.wrongOutput()).resolves.toBe('paid');
    await expect(writer.wrongOutput()).resolves.toBe('paid');
    expect(writer.calls).toBe(2);
    expect(warnings().filter((words) => words.includes('The result of Writer.wrongOutput'))).toHaveLength(1);
  });

  it('runs uncached on an instance created with new', async () => {
    const writer = new Writer();
    await writer.summarize('a');
    await writer.summarize('a');
    expect(writer.calls).toBe(2);
  });

  it('works on a value provider, and on an instance of a factory', async () => {
    const value = new Writer();
    await start([{ provide: 'writer', useFactory: () => value }]);
    await value.summarize('a');
    await value.summarize('a');
    expect(value.calls).toBe(1);
  });

  it('uses the AI cache that it names', async () => {
    @Injectable()
    class Named {
      @AiCached({ operation: 'named', cache: 'small' })
      async ask(text: string): Promise<string> {
        return Promise.resolve(text);
      }
    }
    const module = await start([Named], [forAi({ name: 'small' }), forAi({ name: 'large' })]);
    await module.get(Named).ask('a');
    await module.get(Named).ask('a');
    expect(module.get<AiCacheService>(getAiCacheToken('small')).stats().totals.hits).toBe(1);
    expect(module.get<AiCacheService>(getAiCacheToken('large')).stats().totals).toMatchObject({
      hits: 0,
      misses: 0,
    });
  });
});

describe('at the start of the application, @AiCached() refuses', () => {
  @Injectable()
  class First {
    @AiCached({ operation: 'ask' })
    async ask(text: string): Promise<string> {
      return Promise.resolve(`first ${text}`);
    }
  }
  @Injectable()
  class Second {
    @AiCached({ operation: 'ask' })
    async ask(text: string): Promise<string> {
      return Promise.resolve(`second ${text}`);
    }
  }

  it('an application without forAi()', async () => {
    const message = await refusal([First], [CacheInfraModule.forRoot({ useMemoryCache: true })]);
    expect(message).toContain(
      'First.ask has @AiCached(), which needs an AI cache: import CacheInfraModule.forAi()',
    );
  });

  it('an AI cache that no forAi() creates', async () => {
    @Injectable()
    class Lost {
      @AiCached({ operation: 'lost', cache: 'large' })
      async ask(): Promise<string> {
        return Promise.resolve('');
      }
    }
    expect(await refusal([Lost])).toContain(
      "needs the AI cache 'large': import CacheInfraModule.forAi({ name: 'large' })",
    );
  });

  it('no name in an application with several AI caches', async () => {
    const message = await refusal([First], [forAi({ name: 'small' }), forAi({ name: 'large' })]);
    expect(message).toContain('the application has several AI caches: name one');
  });

  it('two methods with one operation', async () => {
    expect(await refusal([First, Second])).toContain("First.ask and Second.ask have one operation 'ask'");
  });

  it('two subclasses with one operation whose answers depend on the instance', async () => {
    abstract class Asking {
      abstract readonly prompt: string;
      @AiCached({ operation: 'ask' })
      async ask(text: string): Promise<string> {
        return Promise.resolve(`${this.prompt} ${text}`);
      }
    }
    @Injectable()
    class Formal extends Asking {
      readonly prompt = 'formal';
    }
    @Injectable()
    class Casual extends Asking {
      readonly prompt = 'casual';
    }
    expect(await refusal([Formal, Casual])).toContain('Formal and Casual inherit Asking.ask');
  });

  it('two subclasses do start if the request names the instance', async () => {
    abstract class Asking {
      abstract readonly prompt: string;
      @AiCached({
        operation: 'ask',
        request: function (this: Asking, text: string) {
          return { text, prompt: this.prompt };
        },
      })
      async ask(text: string): Promise<string> {
        return Promise.resolve(`${this.prompt} ${text}`);
      }
    }
    @Injectable()
    class Formal extends Asking {
      readonly prompt = 'formal';
    }
    @Injectable()
    class Casual extends Asking {
      readonly prompt = 'casual';
    }
    const module = await start([Formal, Casual]);
    await expect(module.get(Formal).ask('a')).resolves.toBe('formal a');
    await expect(module.get(Casual).ask('a')).resolves.toBe('casual a');
  });

  it('instances of one class that were constructed differently', async () => {
    class Model {
      constructor(readonly name: string) {}
      @AiCached({ operation: 'ask' })
      async ask(text: string): Promise<string> {
        return Promise.resolve(`${this.name} ${text}`);
      }
    }
    const providers = ['small', 'large'].map((name) => ({
      provide: name,
      useFactory: () => new Model(name),
    }));
    expect(await refusal(providers)).toContain('small and large are instances of Model');
  });

  it('instances that are made for a request', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Scoped {
      constructor(@Inject(REQUEST) readonly request: { tenant: string }) {}
      @AiCached({ operation: 'ask' })
      async ask(text: string): Promise<string> {
        return Promise.resolve(`${this.request.tenant} ${text}`);
      }
    }
    expect(await refusal([Scoped])).toContain('its instances differ by REQUEST');
  });

  it('instances that are made for a request do start if they name their tenant', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Scoped {
      constructor(@Inject(REQUEST) readonly request: { tenant: string }) {}
      @AiCached({
        operation: 'ask',
        tenant: function (this: Scoped) {
          return this.request.tenant;
        },
      })
      async ask(text: string): Promise<string> {
        return Promise.resolve(`${this.request.tenant} ${text}`);
      }
    }
    const module = await start([Scoped]);
    const of = async (tenant: string): Promise<Scoped> => {
      const id = ContextIdFactory.create();
      module.registerRequestByContextId({ tenant }, id);
      return module.resolve(Scoped, id);
    };
    await expect((await of('a')).ask('why?')).resolves.toBe('a why?');
    await expect((await of('b')).ask('why?')).resolves.toBe('b why?');
  });
});

describe('the compiler and the decorator', () => {
  it('refuse what does not fit the method', () => {
    const make = (): void => {
      class Wrong {
        // @ts-expect-error the request takes a number, the method a text
        @AiCached({ operation: 'a', request: (id: number) => ({ id }) })
        async byNumber(id: string): Promise<string> {
          return Promise.resolve(id);
        }
        // @ts-expect-error the value of output is not what the method returns
        @AiCached({ operation: 'b', output: (text: string) => ({ value: text.length }) })
        async length(text: string): Promise<string> {
          return Promise.resolve(text);
        }
        // @ts-expect-error an option is misspelt
        @AiCached({ operation: 'c', timeToLive: 5 })
        async misspelt(): Promise<string> {
          return Promise.resolve('');
        }
      }
      expect(Wrong).toBeDefined();
    };
    expect(make).toThrow('timeToLive');
  });

  it('refuse a method that returns its value at once', () => {
    expect(() => {
      class Sync {
        // @ts-expect-error the method returns no promise
        @AiCached({ operation: 'a' })
        now(): string {
          return 'now';
        }
      }
      return Sync;
    }).toThrow('Sync.now: the method returns a String synchronously');
  });

  it('refuse a missing operation, and a decorator without parentheses', () => {
    expect(() => AiCached({ operation: '' })).toThrow('operation cannot be empty');
    expect(() => Reflect.apply(AiCached, undefined, [{ constructor: { name: 'A' } }, 'ask', {}])).toThrow(
      "@AiCached on A.ask needs parentheses: @AiCached({ operation: '…' })",
    );
  });
});
