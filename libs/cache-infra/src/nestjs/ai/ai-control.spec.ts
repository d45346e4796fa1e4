import { InMemoryCache } from '../../cache/in-memory-cache.js';
import { AiNotCachedError, ValidationError } from '../../base/errors.js';
import { AiCacheService } from '../../ai/index.js';
import { aiControl } from './ai-control.js';

describe('aiControl', () => {
  it.each([
    [undefined, {}],
    ['no-cache', { noCache: true }],
    ['No-Store', { noStore: true }],
    ['only-if-cached', { onlyIfCached: true }],
    ['max-age=0', { noCache: true }],
    ['no-cache, no-store', { noCache: true, noStore: true }],
    ['max-stale=5, x-unknown="no-cache"', {}],
  ])('%p is %p', (field, control) => {
    expect(aiControl({ 'cache-control': field })).toEqual(control);
    expect(aiControl(new Headers(field === undefined ? {} : { 'cache-control': field }))).toEqual(control);
  });

  it('Pragma counts without a Cache-Control', () => {
    expect(aiControl({ pragma: 'no-cache' })).toEqual({ noCache: true });
    expect(aiControl({ pragma: 'no-cache', 'cache-control': 'max-stale' })).toEqual({});
  });

  it('max-age refuses older answers', async () => {
    let now = 1e12;
    const clock = { now: () => now };
    const ai = new AiCacheService(new InMemoryCache({ advanced: { clock } }), { clock });
    await ai.run('a', { q: 1 }, () => ({ value: 'old' }));
    now += 60_000;
    const control = (seconds: number) => aiControl({ 'cache-control': `max-age=${seconds}` });
    expect((await ai.run('a', { q: 1 }, () => ({ value: 'new' }), control(60))).value).toBe('old');
    expect((await ai.run('a', { q: 1 }, () => ({ value: 'new' }), control(59))).value).toBe('new');
  });

  it('no-cache and only-if-cached together never have an answer, and are no mistake of the server', async () => {
    const ai = new AiCacheService(new InMemoryCache());
    await ai.run('a', { q: 1 }, () => ({ value: 1 }));
    const control = aiControl({ 'cache-control': 'no-cache, only-if-cached' });
    await expect(ai.run('a', { q: 1 }, () => ({ value: 2 }), control)).rejects.toThrow(AiNotCachedError);
  });

  it('names what are no headers', () => {
    expect(() => aiControl('no-cache' as never)).toThrow(ValidationError);
  });
});
