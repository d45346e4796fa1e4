import fc from 'fast-check';

import { encodePayload } from './payload.js';
import { isSurelyWithin } from './size-bound.js';
import { snapshot } from '../values/snapshot.js';

describe('isSurelyWithin', () => {
  it('T51: is false for a value over the limit', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.jsonValue({ stringUnit: 'binary' }),
          fc.anything({ withMap: true, withTypedArray: true }),
        ),
        fc.nat(500),
        (value, limit) => {
          let kept;
          try {
            kept = snapshot(value);
          } catch {
            return;
          }
          const { bytes } = encodePayload(kept);
          if (isSurelyWithin(kept.value, limit)) expect(bytes).toBeLessThanOrEqual(limit);
        },
      ),
    );
  });

  it('T51: is true for a value far below the limit', () => {
    expect(isSurelyWithin({ id: 7, tags: ['a', 'b'], at: null, text: 'x'.repeat(100) }, 2000)).toBe(true);
  });
});
