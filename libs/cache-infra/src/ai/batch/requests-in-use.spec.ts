import { aiInMemory, aiRequest as request, never } from '../../../../../test/support/ai-calls.js';
import { deferred } from '../../../../../test/support/deferred.js';
import { expectNoUnhandledRejections } from '../../../../../test/support/unhandled-rejections.js';
import { within } from '../../../../../test/support/within.js';

expectNoUnhandledRejections();

describe('an answer has the tags of its request as it was when the call was made', () => {
  it('though produceMissing changes the requests it gets', async () => {
    const { ai } = aiInMemory();
    const mine: { tenant: string; prompt: string }[] = [{ ...request }];
    await ai.batch('chat', mine, (missing) => {
      for (const each of missing) each.tenant = 'b';
      return missing.map(() => ({ value: 'secret of a' }));
    });
    await ai.invalidate({ tenant: 'a' });
    expect(await ai.peek('chat', request)).toBeUndefined();
  });

  it('though the caller of a run reuses its object meanwhile', async () => {
    const { ai } = aiInMemory();
    const mine: { tenant: string; prompt: string; model: string } = { ...request };
    const end = deferred();
    const produce = async (): Promise<{ value: string }> => {
      await end.promise;
      return { value: 'secret of a' };
    };
    const run = ai.run('chat', mine, produce, { refresh: true });
    mine.tenant = 'b';
    end.resolve();
    await run;
    expect((await ai.peek('chat', request))?.value).toBe('secret of a');
    await ai.invalidate({ tenant: 'a' });
    expect(await ai.peek('chat', request)).toBeUndefined();
  });
});

it.each([{}, { bypass: true }, { noStore: true }])(
  'a batch with %j whose signal aborts does not wait for its producer',
  async (control) => {
    const { ai } = aiInMemory();
    const begun = deferred();
    const leaving = new AbortController();
    const produce = (): Promise<never> => {
      begun.resolve();
      return never();
    };
    const batch = ai.batch('chat', [request], produce, { signal: leaving.signal, ...control });
    await begun.promise;
    leaving.abort(new Error('gone away'));
    expect(await within(2000, batch)).toMatch(/^rejected/);
  },
);
