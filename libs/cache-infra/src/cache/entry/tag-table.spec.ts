import { ManualClock } from '../../../../../test/support/manual-clock.js';
import { InMemoryCache } from '../in-memory-cache.js';
import { TagTable } from './tag-table.js';

describe('tags', () => {
  const clock = new ManualClock();
  let cache: InMemoryCache;
  beforeEach(() => {
    cache = new InMemoryCache({ advanced: { clock } });
  });
  afterEach(() => cache.close());

  it('one of several tags is enough', async () => {
    await cache.set('a', 1, { tags: ['x', 'y', 'x'] });
    await cache.set('b', 1, { tags: ['y'] });
    await cache.set('c', 1);
    await cache.invalidateTags('x');
    expect([...(await cache.getMany(['a', 'b', 'c'])).keys()]).toEqual(['b', 'c']);
  });

  it('several tags at once', async () => {
    await cache.set('a', 1, { tags: ['x'] });
    await cache.set('b', 1, { tags: ['y'] });
    await cache.invalidateTags('x', 'y', 'z');
    expect((await cache.getMany(['a', 'b'])).size).toBe(0);
  });

  it('no tags: nothing happens', async () => {
    await cache.set('a', 1, { tags: ['x'] });
    await cache.invalidateTags();
    expect(await cache.has('a')).toBe(true);
  });

  it('an entry set after the invalidation is valid, though no time has passed', async () => {
    await cache.invalidateTags('x');
    await cache.set('a', 1, { tags: ['x'] });
    expect(await cache.get('a')).toBe(1);
    await cache.invalidateTags('x');
    expect(await cache.get('a')).toBeUndefined();
  });

  it('also when the clock goes backwards', async () => {
    await cache.set('a', 1, { tags: ['x'] });
    await cache.invalidateTags('x');
    clock.advance(-60_000);
    await cache.set('a', 2, { tags: ['x'] });
    expect(await cache.get('a')).toBe(2);
    await cache.invalidateTags('x');
    expect(await cache.get('a')).toBeUndefined();
  });

  it('a new value without the tag is out of reach', async () => {
    await cache.set('a', 1, { tags: ['x'] });
    await cache.set('a', 2);
    await cache.invalidateTags('x');
    expect(await cache.get('a')).toBe(2);
  });

  it('setMany gives its tags to all', async () => {
    await cache.setMany(
      [
        ['a', 1],
        ['b', 2],
      ],
      { tags: ['x'] },
    );
    await cache.invalidateTags('x');
    expect((await cache.getMany(['a', 'b'])).size).toBe(0);
  });

  it('pitfall (others) the table of tags does not grow without bound, and forgets on the safe side', async () => {
    await cache.set('before', 1, { tags: ['never invalidated'] });
    await cache.set('plain', 1);
    for (let i = 0; i <= 10_001; i++) await cache.invalidateTags(`tag:${String(i)}`);
    await cache.set('after', 1, { tags: ['tag:0'] });
    expect(await cache.has('before')).toBe(false);
    expect(await cache.has('plain')).toBe(true);
    expect(await cache.has('after')).toBe(true);
  });
});

describe('TagTable', () => {
  it('an entry is valid until one of its tags is invalidated later', () => {
    const table = new TagTable();
    const epoch = table.invalidate(['a'], 100);
    expect(table.isValid(['a'], epoch)).toBe(true);
    expect(table.isValid(['a'], epoch - 1)).toBe(false);
    expect(table.isValid(['b'], epoch - 1)).toBe(true);
    expect(table.isValid([], 0)).toBe(true);
  });

  it('epochs only grow', () => {
    const table = new TagTable();
    const epochs = [table.invalidate(['a'], 100), table.invalidate(['b'], 100), table.invalidate(['c'], 50)];
    expect(epochs).toEqual([100, 101, 102]);
    expect(table.latest).toBe(102);
  });

  it('the version changes with every change, and only then', () => {
    const table = new TagTable();
    const versions = [table.version];
    const note = (): number => versions.push(table.version);
    table.invalidate(['a'], 1);
    note();
    table.record('a', 5);
    note();
    table.raiseFloor(3);
    note();
    table.suspend(['b']);
    note();
    expect(new Set(versions).size).toBe(versions.length);
    const before = table.version;
    table.record('a', 4);
    table.raiseFloor(2);
    table.advance(9);
    expect(table.version).toBe(before);
    expect(table.latest).toBe(9);
  });

  it('a suspended tag hides everything until it is recorded', () => {
    const table = new TagTable();
    table.suspend(['a']);
    expect(table.isValid(['a'], 1_000_000)).toBe(false);
    table.record('a', 5);
    expect(table.isValid(['a'], 5)).toBe(true);
    expect(table.isValid(['a'], 4)).toBe(false);
  });

  it('forgets the tags invalidated longest ago, and older entries are dead', () => {
    const table = new TagTable(3);
    for (const [i, tag] of ['a', 'b', 'c', 'a', 'd'].entries()) table.invalidate([tag], i + 1);
    expect(table.size).toBe(3);
    expect(table.floor).toBe(2);
    expect(table.isValid(['unknown'], 1)).toBe(false);
    expect(table.isValid(['b'], 2)).toBe(true);
    expect(table.isValid(['a'], 3)).toBe(false);
  });

  it('more tags at once than it keeps', () => {
    const table = new TagTable(2);
    const epoch = table.invalidate(['a', 'b', 'c', 'd'], 10);
    expect(table.size).toBe(2);
    for (const tag of ['a', 'b', 'c', 'd']) {
      expect(table.isValid([tag], epoch - 1)).toBe(false);
      expect(table.isValid([tag], epoch)).toBe(true);
    }
  });

  it('forgetting a suspended tag distrusts everything known so far', () => {
    const table = new TagTable(1);
    table.invalidate(['a'], 10);
    table.suspend(['b']);
    table.suspend(['c']);
    expect(table.isValid(['b'], 9)).toBe(false);
  });
});
