import { aiInMemory, aiRequest as request, all, chunksOf } from '../../../../../test/support/ai-calls.js';
import { deferred, turn } from '../../../../../test/support/deferred.js';
import { expectNoUnhandledRejections } from '../../../../../test/support/unhandled-rejections.js';
import { until } from '../../../../../test/support/until.js';
import { AiBatchError } from '../../base/errors.js';
import type { AiCacheService } from '../ai-cache.service.js';
import type { AiCacheControl } from '../call/control.js';
import type { BatchOutput } from './producer.js';

expectNoUnhandledRejections();

const messageOf = (error: unknown): string => {
  const cause: unknown = error instanceof AiBatchError ? error.errors.get(0) : error;
  return cause instanceof Error ? cause.message : String(cause);
};

/** Begins a batch of one request, whose producer gives `output` once it may end. */
async function begunBatch(ai: AiCacheService, output: BatchOutput<string>, control: AiCacheControl = {}) {
  const end = deferred();
  const begun = deferred();
  const value = ai
    .batch(
      'chat',
      [request],
      async () => {
        begun.resolve();
        await end.promise;
        return [output];
      },
      control,
    )
    .then(([result]) => result?.value, messageOf);
  await begun.promise;
  return { value, end: end.resolve };
}

const isMine = { accept: ({ value }: { value: unknown }): boolean => value === 'mine' };

describe('a call made while a batch produces its answer', () => {
  it.each(['stop', 'length'])(
    'does not get it if the batch began before an invalidation, finish reason %s',
    async (finishReason) => {
      const { ai } = aiInMemory();
      const older = await begunBatch(ai, { value: 'before', finishReason });
      await ai.invalidate({ tenant: 'a' });
      const batch = ai.batch('chat', [request], () => [{ value: 'after' }]);
      const run = ai.run('chat', request, () => ({ value: 'after' }));
      await turn();
      older.end();
      expect(await older.value).toBe('before');
      expect([(await batch)[0]?.value, (await run).value]).toEqual(['after', 'after']);
    },
  );

  it('gets the error of its item, or produces its own answer', async () => {
    const { ai } = aiInMemory();
    const older = await begunBatch(ai, new Error('quota'));
    const others = [
      ai.batch('chat', [request], () => [{ value: 'own' }]).then(([result]) => result?.value, messageOf),
      ai.run('chat', request, () => ({ value: 'own' })).then(({ value }) => value, messageOf),
      all(ai.stream('chat', request, () => chunksOf('own'))).then((chunks) => chunks.join(''), messageOf),
    ];
    await turn();
    older.end();
    expect(await older.value).toBe('quota');
    for (const outcome of await Promise.all(others)) expect(outcome).toMatch(/^(quota|own)$/);
  });

  it('does not say that it is a hit if the answer is not stored', async () => {
    const { ai } = aiInMemory();
    const older = await begunBatch(ai, { value: 'cut', finishReason: 'length' });
    const joined = ai.run('chat', request, () => ({ value: 'own' }));
    await turn();
    older.end();
    await older.value;
    expect(await joined).toMatchObject({ cached: false });
  });
});

describe('accept is asked before an answer of a batch is served', () => {
  it('to a run that shares it', async () => {
    const { ai } = aiInMemory();
    const older = await begunBatch(ai, { value: 'of another user' });
    const run = ai.run('chat', request, () => ({ value: 'mine' }), isMine);
    await turn();
    older.end();
    await older.value;
    expect((await run).value).toBe('mine');
  });

  it('to a run that shares it because the stored answer is refused', async () => {
    const { ai } = aiInMemory();
    await ai.warm('chat', [[request, { value: 'stored, of another user' }]]);
    const older = await begunBatch(ai, { value: 'of another user' }, { noCache: true });
    const run = ai.run('chat', request, () => ({ value: 'mine' }), isMine);
    await turn();
    older.end();
    await older.value;
    expect((await run).value).toBe('mine');
  });

  it('to a run that meets one batch after the other', async () => {
    const { ai } = aiInMemory();
    let ends: (() => void)[] = [];
    const produce = async (): Promise<BatchOutput<string>[]> => {
      await new Promise<void>((resolve) => ends.push(resolve));
      return [{ value: 'of another user' }];
    };
    const batches: Promise<unknown>[] = [];
    /** Begins one more batch, and ends the ones that produce. */
    const next = async (): Promise<void> => {
      batches.push(ai.batch('chat', [request], produce, { noCache: true }));
      await turn();
      const ending = ends;
      ends = [];
      for (const end of ending) end();
      await turn();
    };
    batches.push(ai.batch('chat', [request], produce, { noCache: true }));
    await until(() => ends.length === 1, 'the first batch');
    const run = ai.run('chat', request, () => ({ value: 'mine' }), isMine);
    for (let i = 0; i < 5; i++) await next();
    expect((await run).value).toBe('mine');
    await next();
    await Promise.all(batches);
  });

  it('and before the answer of a run is served to a batch', async () => {
    const { ai } = aiInMemory();
    const end = deferred();
    const run = ai.run('chat', request, async () => {
      await end.promise;
      return { value: 'of another user' };
    });
    await turn();
    const batch = ai.batch('chat', [request], () => [{ value: 'mine' }], isMine);
    await turn();
    end.resolve();
    await run;
    expect((await batch)[0]?.value).toBe('mine');
  });
});

describe('refresh', () => {
  type Kind = 'run' | 'stream' | 'batch';
  const kinds: readonly Kind[] = ['run', 'stream', 'batch'];

  /** Asks for an answer, whose production begins at once and ends when it may. */
  function ask(ai: AiCacheService, kind: Kind, value: string, end: Promise<void>, control = {}) {
    let isProducing = false;
    const produced = async (): Promise<{ value: string }> => {
      isProducing = true;
      await end;
      return { value };
    };
    const answers = {
      run: () => ai.run('chat', request, produced, control).then((result) => result.value),
      batch: () =>
        ai
          .batch('chat', [request], async () => [await produced()], control)
          .then(([result]) => result?.value),
      stream: () =>
        all(
          ai.stream(
            'chat',
            request,
            async function* () {
              yield (await produced()).value;
            },
            control,
          ),
        ).then((chunks) => chunks.join('')),
    };
    return { answer: answers[kind](), begun: () => until(() => isProducing, 'its production') };
  }

  it.each(kinds.flatMap((older) => kinds.map((mine) => [older, mine] as const)))(
    'during a %s: a %s produces anew',
    async (older, mine) => {
      const { ai } = aiInMemory();
      const end = deferred();
      const first = ask(ai, older, 'old', end.promise);
      await first.begun();
      const second = ask(ai, mine, 'new', end.promise, { refresh: true });
      await turn();
      end.resolve();
      expect([await first.answer, await second.answer]).toEqual(['old', 'new']);
    },
  );

  it('of a batch and of a run during a stream get no answer from before them', async () => {
    const { ai } = aiInMemory();
    const end = deferred();
    const stream = ask(ai, 'stream', 'old', end.promise);
    await stream.begun();
    const produce = (missing: readonly object[]) => missing.map(() => ({ value: 'new' }));
    const requests = [request, { ...request, prompt: 'other' }];
    const batch = ai.batch('chat', requests, produce, { refresh: true });
    await turn();
    const run = ai.run('chat', request, () => ({ value: 'newest' }), { refresh: true });
    await turn();
    end.resolve();
    expect(await stream.answer).toBe('old');
    expect((await batch)[0]?.value).toMatch(/^new(est)?$/);
    expect((await run).value).toMatch(/^new(est)?$/);
  });
});
