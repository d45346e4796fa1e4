import { describe, expect, it } from '@jest/globals';

import type { EntryMeta } from '../../codec/codec.js';
import {
  RecoveryJournal,
  type JournalEntry,
  type KeyedEntry,
  type MatchEntry,
  type Moment,
} from './journal.js';

let order = 0;
const moment = (): Moment => ({
  at: 1000,
  stamp: 1000,
  order: ++order,
});
const meta = (ttlMs: number): EntryMeta => ({
  stamp: 1000,
  nonce: 1,
  ttlMs,
  graceMs: 0,
  tagEpoch: 0,
  tags: undefined,
});

const set = (redisKey: string, bytes = 10, ttlMs = 0): KeyedEntry => ({
  ...moment(),
  kind: 'set',
  redisKey,
  bytes: Buffer.alloc(bytes),
  meta: meta(ttlMs),
  tags: [],
  knownTagEpoch: 0,
});
const del = (redisKey: string): KeyedEntry => ({ ...moment(), kind: 'delete', redisKey });
const match = (start: string): MatchEntry => ({
  ...moment(),
  kind: 'match',
  mark: start,
  globs: [`${start}*`],
  matches: (redisKey) => redisKey.startsWith(start),
});

function newJournal(limits: { maxEntries?: number; maxBytes?: number; horizonMs?: number } = {}): {
  it: RecoveryJournal;
  dropped: JournalEntry[];
  widened: () => number;
} {
  const dropped: JournalEntry[] = [];
  let widened = 0;
  const everything = { mark: '', globs: ['p:*'], matches: (redisKey: string) => redisKey.startsWith('p:') };
  const it = new RecoveryJournal(
    { maxEntries: 1000, maxBytes: 1e6, horizonMs: 600_000, ...limits },
    everything,
    { onDropped: (entry) => dropped.push(entry), onWidened: () => widened++ },
  );
  return { it, dropped, widened: () => widened };
}

describe('RecoveryJournal', () => {
  it('keeps the last change of a key, whatever the order in which the changes fail', () => {
    const { it: journal } = newJournal();
    const [first, second] = [set('p:a'), del('p:a')];
    journal.record(second);
    journal.record(first);
    expect(journal.pending('p:a')).toBe(second);
    expect(journal.size).toBe(1);
  });

  it('a pattern supersedes the changes made before it, and none made after it', () => {
    const { it: journal } = newJournal();
    const [before, pattern, after] = [set('p:a'), match('p:'), set('p:b')];
    journal.record(before);
    journal.record(after);
    journal.record(pattern);
    expect(journal.pending('p:a')).toBe(pattern);
    expect(journal.pending('p:b')).toBe(after);
    expect(journal.oldest(10, 0)).toEqual([after]);
    expect(journal.matches()).toEqual([pattern]);
  });

  it('does not record a change that a later pattern covers', () => {
    const { it: journal } = newJournal();
    const [before, pattern] = [set('p:a'), match('p:')];
    journal.record(pattern);
    journal.record(before);
    expect(journal.pending('p:a')).toBe(pattern);
    expect(journal.size).toBe(1);
  });

  it('too many patterns become one that covers every key; journalled sets stay', () => {
    const { it: journal } = newJournal();
    const other = set('p:kept');
    journal.record(other);
    for (let i = 0; i < 150; i++) journal.record(match(`p:user:${String(i)}:`));
    expect(journal.matches().length).toBeLessThanOrEqual(100);
    expect(journal.pending('p:user:7:name')?.kind).toBe('match');
    expect(journal.pending('p:anything')?.kind).toBe('match');
    expect(journal.pending('p:kept')).toBe(other);
    expect(journal.pending('q:foreign')).toBeUndefined();
  });

  it('with too many bytes, the oldest set becomes a delete', () => {
    const { it: journal, dropped } = newJournal({ maxBytes: 2000 });
    const [first, second] = [set('p:a', 900), set('p:b', 900)];
    journal.record(del('p:z'));
    journal.record(first);
    journal.record(second);
    expect(dropped).toEqual([first]);
    expect(journal.pending('p:a')).toMatchObject({ kind: 'delete', order: first.order });
    expect(journal.pending('p:b')).toBe(second);
    expect(journal.pending('p:z')?.kind).toBe('delete');
    expect(journal.stats()).toMatchObject({ size: 3, dropped: 1 });
    expect(journal.stats().bytes).toBeLessThanOrEqual(2000);
  });

  it('a value larger than the whole budget evicts no other', () => {
    const { it: journal, dropped } = newJournal({ maxBytes: 2000 });
    const small = set('p:a', 100);
    const large = set('p:b', 5000);
    journal.record(small);
    journal.record(large);
    expect(dropped).toEqual([large]);
    expect(journal.pending('p:a')).toBe(small);
    expect(journal.pending('p:b')?.kind).toBe('delete');
  });

  it('T15: too many deletes become one removal of every key but the journalled sets, and none is dropped', () => {
    const { it: journal, dropped, widened } = newJournal({ maxEntries: 3 });
    const value = set('p:set');
    journal.record(value);
    for (const key of ['p:a', 'p:b', 'p:c', 'p:d', 'p:e']) journal.record(del(key));

    expect(dropped).toEqual([]);
    expect(widened()).toBe(1);
    expect(journal.size).toBeLessThanOrEqual(3);
    for (const key of ['p:a', 'p:b', 'p:c', 'p:d', 'p:e']) expect(journal.pending(key)).toBeDefined();
    expect(journal.pending('p:set')).toBe(value);
    expect(journal.matches()).toHaveLength(1);
  });

  it('T15: with too many sets, the oldest is dropped and reported, and the removal of every key covers it', () => {
    const { it: journal, dropped } = newJournal({ maxEntries: 2 });
    const all = [set('p:a'), set('p:b'), set('p:c')];
    for (const entry of all) journal.record(entry);
    expect(dropped).toEqual([all[0], all[1]]);
    expect(journal.pending('p:a')).toMatchObject({ kind: 'match' });
    expect(journal.pending('p:c')).toBe(all[2]);
    expect(journal.size).toBe(2);
  });

  it('T63: recording a pattern visits no journalled key', () => {
    const { it: journal } = newJournal();
    for (let i = 0; i < 500; i++) journal.record(set(`p:k${String(i)}`));
    let asked = 0;
    const counting = (): MatchEntry => ({
      ...match('p:user'),
      matches: (redisKey) => {
        asked++;
        return redisKey.startsWith('p:user');
      },
    });
    for (let i = 0; i < 20; i++) {
      const pattern = counting();
      journal.supersedeWhere(pattern.matches, pattern.order);
      journal.record(pattern);
    }
    expect(asked).toBe(0);
  });

  it('T63: changes that a pattern covers are superseded, also with many of both', () => {
    const { it: journal } = newJournal({ maxEntries: 10_000 });
    for (let i = 0; i < 2000; i++) journal.record(set(`p:k${String(i)}`));
    for (let i = 0; i < 150; i++) journal.record(match(`p:k${String(i)}`));
    for (let i = 0; i < 150; i++) expect(journal.pending(`p:k${String(i)}`)?.kind).not.toBe('set');
    const left = journal.oldest(10_000, 1000).filter(({ kind }) => kind === 'set');
    expect(left.some(({ redisKey }) => /^p:k(\d|\d\d|1[0-4]\d)$/.test(redisKey))).toBe(false);
  });

  it('a set older than the horizon becomes a delete', () => {
    const { it: journal, dropped } = newJournal({ horizonMs: 1000 });
    const value = set('p:a');
    journal.record(value);
    expect(journal.oldest(10, 2000)).toEqual([value]);
    expect(journal.oldest(10, 2001)).toMatchObject([{ kind: 'delete', redisKey: 'p:a' }]);
    expect(dropped).toEqual([value]);
  });

  it('a set whose ttl is over becomes a delete: the entry that it was to replace is outdated', () => {
    const { it: journal } = newJournal();
    journal.record(set('p:a', 10, 500));
    expect(journal.oldest(10, 1499)).toMatchObject([{ kind: 'set' }]);
    expect(journal.oldest(10, 1500)).toMatchObject([{ kind: 'delete', redisKey: 'p:a' }]);
    expect(journal.stats()).toMatchObject({ size: 1, expired: 1, dropped: 0 });
  });

  it('a replayed change is removed; a newer change of the same key is not', () => {
    const { it: journal, dropped } = newJournal();
    const [old, newer, tag] = [set('p:a'), set('p:a'), { ...moment(), kind: 'tag', tag: 't' } as const];
    journal.record(old);
    journal.record(newer);
    journal.record(tag);
    journal.done(old);
    expect(journal.pending('p:a')).toBe(newer);
    journal.done(newer);
    journal.giveUp(tag);
    expect(dropped).toEqual([tag]);
    expect(journal.stats()).toMatchObject({ size: 0, bytes: 0, replayed: 1, dropped: 1 });
  });

  it('a newer change that reaches Redis supersedes the journalled one', () => {
    const { it: journal } = newJournal();
    for (const key of ['p:a', 'p:b', 'p:c']) journal.record(set(key));
    journal.supersede('p:a');
    journal.supersedeWhere((redisKey) => redisKey === 'p:b', moment().order);
    expect(journal.oldest(10, 0)).toMatchObject([{ redisKey: 'p:c' }]);
  });
});
