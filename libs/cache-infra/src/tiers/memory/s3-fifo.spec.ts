import fc from 'fast-check';

import { Ghosts, hashOf } from './ghosts.js';
import { S3Fifo } from './s3-fifo.js';

interface Held {
  readonly id: string;
  uses: number;
  size: number;
}

/** The rules of {@link S3Fifo}, with arrays: an entry enters at the end, and leaves at the beginning. */
class Model {
  readonly small: Held[] = [];
  readonly main: Held[] = [];
  readonly evicted: string[] = [];
  #ghosts: Ghosts;

  constructor(
    readonly maxSize: number,
    readonly maxBytes: number,
  ) {
    this.#ghosts = this.#noGhosts();
  }

  get all(): Held[] {
    return [...this.small, ...this.main];
  }

  get bytes(): number {
    return this.all.reduce((sum, { size }) => sum + size, 0);
  }

  use(id: string): void {
    const entry = this.all.find((each) => each.id === id);
    if (entry !== undefined) entry.uses = Math.min(3, entry.uses + 1);
  }

  set(id: string, size: number): void {
    this.use(id);
    const queue = this.#queueOf(id);
    const entry = queue?.find((each) => each.id === id);
    if (queue === undefined || entry === undefined) {
      const isFull = () => this.all.length >= this.maxSize || this.bytes + size > this.maxBytes;
      while (this.all.length > 0 && isFull()) this.evict(this.all.length);
      (this.#ghosts.take(hashOf(id)) ? this.main : this.small).push({ id, uses: 0, size });
      return;
    }
    entry.size = size;
    if (this.bytes <= this.maxBytes) return;
    queue.splice(queue.indexOf(entry), 1);
    while (this.all.length > 0 && this.bytes + size > this.maxBytes) this.evict(this.all.length + 1);
    queue.push(entry);
  }

  delete(id: string): void {
    const queue = this.#queueOf(id);
    queue?.splice(
      queue.findIndex((each) => each.id === id),
      1,
    );
  }

  expire(id: string): void {
    if (this.#queueOf(id) === this.main) this.#ghosts.add(hashOf(id));
    this.delete(id);
  }

  clear(): void {
    this.small.length = this.main.length = 0;
    this.#ghosts = this.#noGhosts();
  }

  evict(count: number): void {
    let spared = 0;
    while (this.small.length >= Math.max(1, Math.floor(count / 10))) {
      const oldest = this.small.shift() as Held;
      if (oldest.uses === 0 || spared === 64) {
        this.#ghosts.add(hashOf(oldest.id));
        this.evicted.push(oldest.id);
        return;
      }
      spared++;
      oldest.uses = 0;
      this.main.push(oldest);
    }
    for (;;) {
      const oldest = this.main.shift() as Held;
      if (oldest.uses === 0 || spared === 64) {
        this.evicted.push(oldest.id);
        return;
      }
      spared++;
      oldest.uses--;
      this.main.push(oldest);
    }
  }

  #queueOf(id: string): Held[] | undefined {
    return [this.small, this.main].find((queue) => queue.some((each) => each.id === id));
  }

  #noGhosts(): Ghosts {
    return new Ghosts(Math.max(1, this.maxSize - Math.max(1, Math.floor(this.maxSize / 10))));
  }
}

function made(maxSize: number, maxBytes?: number) {
  const evicted: string[] = [];
  const onEvict = (id: string): void => void evicted.push(id);
  const entries = new S3Fifo<string>({ maxSize, maxBytes, onEvict });
  /** Stores each character as an entry. */
  const store = (ids: string): void => {
    for (const id of ids) entries.set(id, id, Infinity, 0);
  };
  const use = (ids: string): void => {
    for (const id of ids) entries.use(entries.slotOf(id) as number);
  };
  const held = (): string => entries.ids().sort().join('');
  return { entries, evicted, store, use, held };
}

const key = fc.integer({ min: 0, max: 60 }).map((number) => `key:${String(number)}`);
const size = fc.oneof({ weight: 20, arbitrary: fc.integer({ min: 1, max: 20 }) }, fc.constant(1000));
const operation = fc.oneof(
  { weight: 40, arbitrary: fc.tuple(fc.constant('access' as const), key, size) },
  { weight: 10, arbitrary: fc.tuple(fc.constant('set' as const), key, size) },
  { weight: 4, arbitrary: fc.tuple(fc.constant('delete' as const), key, size) },
  { weight: 4, arbitrary: fc.tuple(fc.constant('expire' as const), key, size) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('evictOne' as const), key, size) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('clear' as const), key, size) },
);

/** Does the same to the entries and to the model. */
function apply(
  [kind, id, bytes]: readonly [string, string, number],
  entries: S3Fifo<string>,
  model: Model,
): void {
  const slot = entries.slotOf(id);
  if (kind === 'set' || (kind === 'access' && slot === undefined)) {
    entries.set(id, `value of ${id}`, Infinity, bytes);
    model.set(id, bytes);
  } else if (kind === 'delete') {
    expect(entries.delete(id)).toBe(slot !== undefined);
    if (slot !== undefined) model.delete(id);
  } else if (kind === 'evictOne') {
    entries.evictOne();
    if (model.all.length > 0) model.evict(model.all.length);
  } else if (kind === 'clear') {
    entries.clear();
    model.clear();
  } else if (slot !== undefined && kind === 'access') {
    if (entries.valueAt(slot) !== `value of ${id}`) throw new Error(`${id} has the value of another`);
    entries.use(slot);
    model.use(id);
  } else if (slot !== undefined) {
    entries.expire(id, slot);
    model.expire(id);
  }
}

describe('S3-FIFO', () => {
  it.each([undefined, 100])(
    'evicts as its rules say, and keeps its bounds; bytes at most: %p',
    (maxBytes) => {
      const maxSize = fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 4, max: 45 }));
      const operations = fc.array(operation, { maxLength: 400, size: 'max' });
      fc.assert(
        fc.property(maxSize, operations, (capacity, requests) => {
          const { entries, evicted } = made(capacity, maxBytes);
          const model = new Model(capacity, maxBytes ?? Infinity);
          const sizes: number[] = [];
          const expected: number[] = [];
          for (const request of requests) {
            apply(request, entries, model);
            sizes.push(entries.size, maxBytes === undefined ? 0 : entries.bytes);
            expected.push(model.all.length, maxBytes === undefined ? 0 : model.bytes);
          }
          expect(evicted).toEqual(model.evicted);
          expect(sizes).toEqual(expected);
          expect(Math.max(0, ...sizes.filter((_, i) => i % 2 === 0))).toBeLessThanOrEqual(capacity);
          expect(entries.ids().sort()).toEqual(model.all.map(({ id }) => id).sort());
        }),
        { numRuns: 100 },
      );
    },
  );

  it('keeps an entry that is used again, before it leaves the small queue, through a scan', () => {
    const { store, use, held } = made(10);
    store('abcdefghij');
    use('a');
    store('klmnopqrstuvwxyz');
    expect(held()).toBe('arstuvwxyz');
  });

  it('takes an entry that comes back soon into the main queue', () => {
    const { store, held } = made(10);
    store('abcdefghijk');
    store('a');
    store('lmnopqrstuvwxyz');
    expect(held()).toBe('arstuvwxyz');
  });

  it('takes the entries of the main queue by turns, a used one later', () => {
    const { store, use, evicted } = made(4);
    store('abcd');
    use('abcd');
    use('b');
    store('e');
    expect(evicted).toEqual(['a']);
    use('be');
    // The entry e moves on, and the small queue is empty: b is spared.
    store('f');
    expect(evicted).toEqual(['a', 'c']);
  });

  it('spares 64 used entries at one eviction', () => {
    const { entries, evicted } = made(1000);
    for (let i = 0; i < 1000; i++) {
      entries.set(String(i), 'value', Infinity, 0);
      entries.use(i);
    }
    entries.set('new', 'value', Infinity, 0);
    expect(evicted).toEqual(['64']);
  });

  it('counts a new value as a use', () => {
    const { store, held } = made(3);
    store('abc');
    store('a');
    store('de');
    expect(held()).toBe('ade');
  });

  it('takes an entry that is stored again after its deletion for a new one', () => {
    const { entries, store, use, held } = made(3);
    store('abc');
    use('a');
    entries.delete('a');
    store('a');
    expect(held()).toBe('abc');
    store('def');
    expect(held()).toBe('def');
  });

  it('takes the next value of an expired entry into the queue where the entry stood', () => {
    const { entries, store, use, held } = made(4);
    store('abcd');
    use('a');
    store('e');
    entries.expire('a', entries.slotOf('a') as number);
    entries.expire('c', entries.slotOf('c') as number);
    store('ac');
    store('fghi');
    expect(held()).toBe('aghi');
  });

  it('never evicts an entry whose new value needs the room', () => {
    const { entries, evicted, store } = made(10, 100);
    store('a');
    for (const id of 'bcd') entries.set(id, id, Infinity, 30);
    for (const id of 'bbbcccddd') entries.use(entries.slotOf(id) as number);
    entries.set('a', 'a', Infinity, 100);
    expect(evicted.sort()).toEqual(['b', 'c', 'd']);
    expect(entries.ids()).toEqual(['a']);
    expect(entries.bytes).toBe(100);
  });

  it('reports an eviction when it is done: the callback may store, read and clear', () => {
    const returned: string[] = [];
    const entries: S3Fifo<string> = new S3Fifo<string>({
      maxSize: 3,
      onEvict: (id) => {
        expect(entries.slotOf(id)).toBeUndefined();
        expect(entries.size).toBe(3);
        returned.push(id);
        if (returned.length <= 2) entries.set(id, id, Infinity, 0);
        else entries.clear();
      },
    });
    for (const id of 'abcd') entries.set(id, id, Infinity, 0);
    expect(returned).toEqual(['a', 'b', 'c']);
    expect(entries.size).toBe(0);
    for (const id of 'xyz') entries.set(id, id, Infinity, 0);
    expect(entries.ids()).toEqual(['x', 'y', 'z']);
  });

  it('has nothing to evict when it is empty', () => {
    const { entries, evicted } = made(1);
    entries.evictOne();
    expect(evicted).toEqual([]);
  });
});
