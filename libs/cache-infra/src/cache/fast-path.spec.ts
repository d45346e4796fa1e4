import fc from 'fast-check';

import { ManualClock } from '../base/manual-clock.js';
import { stateOf } from './entry/freshness.js';
import { InMemoryCache } from './in-memory-cache.js';
import { engineOf } from './tiered-cache.js';

type Step =
  | { readonly kind: 'set'; readonly ttl: number; readonly grace: number; readonly tags: string[] }
  | { readonly kind: 'advance'; readonly ms: number }
  | { readonly kind: 'invalidate' | 'expire'; readonly tag: string }
  | { readonly kind: 'get' };

const tag = fc.constantFrom('a', 'b');
const step = fc.oneof<fc.Arbitrary<Step>[]>(
  fc.record({
    kind: fc.constant('set' as const),
    ttl: fc.constantFrom(0, 1, 2, 10),
    grace: fc.constantFrom(0, 1, 5),
    tags: fc.uniqueArray(tag, { maxLength: 2 }),
  }),
  fc.record({ kind: fc.constant('advance' as const), ms: fc.constantFrom(1, 999, 1000, 1001, 5000) }),
  fc.record({ kind: fc.constantFrom('invalidate' as const, 'expire' as const), tag }),
  fc.constant({ kind: 'get' as const }),
);

describe('the fast path of an L1 hit, which inlines the rule of freshness', () => {
  it('gives a value exactly while stateOf() says fresh', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const clock = new ManualClock();
        const cache = new InMemoryCache({ advanced: { clock } });
        const { l1, tags } = engineOf(cache);
        for (const [i, each] of steps.entries()) {
          if (each.kind === 'set') {
            const { ttl, grace } = each;
            await cache.set('key', i, { ttl, grace, tags: each.tags });
          } else if (each.kind === 'advance') clock.advance(`${each.ms}ms`);
          else if (each.kind === 'invalidate') await cache.invalidateTags(each.tag);
          else if (each.kind === 'expire') await cache.expireTags(each.tag);
          const entry = l1?.get('key');
          const isFresh = entry !== undefined && stateOf(entry, clock.now(), tags.table) === 'fresh';
          // Twice: the first get may have marked the entry as checked.
          for (let n = 0; n < 2; n++) expect((await cache.get('key')) !== undefined).toBe(isFresh);
        }
        await cache.close();
      }),
      { numRuns: 300 },
    );
  });
});
