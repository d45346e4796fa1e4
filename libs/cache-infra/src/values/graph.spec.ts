import { CacheTypes } from './cache-type.js';
import { cloneValue, deepFreeze } from './clone.js';
import { Codec } from '../codec/codec.js';
import { SharingValue, wholeOf } from './graph.js';
import { snapshot } from './snapshot.js';

const meta = { stamp: 1, nonce: 1, ttlMs: 0, graceMs: 0, tagEpoch: 0, tags: undefined };
const codec = new Codec({
  ...{ enableCompression: false, compressionThreshold: 0, compressionLevel: 6, maxValueBytes: 1 << 20 },
  types: new CacheTypes(),
});

async function decoded(value: unknown): Promise<unknown> {
  const entry = await codec.decode(await codec.encode(snapshot(value), meta, 'k'), 'k');
  return entry.ok ? entry.value : entry.reason;
}

/** 2^levels paths to one object. */
function tree(levels: number): object {
  let node: object = { leaf: true };
  for (let level = 0; level < levels; level++) node = { left: node, right: node };
  return node;
}

describe('T62: a part that occurs more than once', () => {
  const part = { a: [1] };
  const bytes = Buffer.from('bytes');
  const keys = new Map<unknown, unknown>([[part, new Set([part])]]);
  const value = { list: [part, part], keys, again: keys, bytes, copy: bytes, $: part, other: part };

  it('is decoded as one part', async () => {
    const whole = wholeOf(await decoded(value)) as typeof value;

    expect(whole).toStrictEqual(value);
    expect(whole.list[0]).toBe(whole.list[1]);
    expect(whole.$).toBe(whole.list[0]);
    expect(whole.again).toBe(whole.keys);
    expect(whole.copy).toBe(whole.bytes);
  });

  it('is copied once, and not shared with the original', () => {
    const kept = snapshot(value).value as typeof value;
    const copy = cloneValue<unknown>(new SharingValue(kept)) as typeof value;

    expect(copy).toStrictEqual(value);
    expect(copy.list[0]).toBe(copy.list[1]);
    expect(copy.list[0]).not.toBe(kept.list[0]);
    expect([...copy.keys.keys()][0]).toBe(copy.list[0]);
  });

  it('is stored once', async () => {
    const customer = { notes: 'n'.repeat(200) };
    const orders = Array.from({ length: 500 }, (_, i) => ({ i, customer }));

    expect(await codec.encode(snapshot(orders), meta, 'k')).toHaveProperty('length', expect.any(Number));
    expect((await codec.encode(snapshot(orders), meta, 'k')).length).toBeLessThan(25_000);
    expect(wholeOf(await decoded(orders))).toStrictEqual(orders);
  });

  it('costs no more than one part, in each operation', async () => {
    const value = tree(40);
    const entry = await decoded(value);
    const kept = snapshot(value).value;

    for (const copy of [cloneValue(entry), cloneValue<unknown>(new SharingValue(kept)), deepFreeze(kept)]) {
      expect(Object.keys(copy as object)).toEqual(['left', 'right']);
    }
  });

  it('a reference to a missing part is a miss', async () => {
    const shared = [0];
    const bytes = await codec.encode(snapshot([shared, shared]), meta, 'k');
    const text = bytes.toString('latin1');
    const forged = Buffer.from(text.replace('["r",0]', '["r",7]'), 'latin1');
    const { writeChecksum } = await import('../codec/header.js');
    writeChecksum(forged);

    expect(text).toContain('["r",0]');
    expect(codec.decode(forged, 'k')).toEqual({ ok: false, reason: 'format' });
  });
});
