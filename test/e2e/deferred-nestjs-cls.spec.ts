import { join } from 'node:path';

import { execute, root } from '../support/repository.js';

interface Observed {
  /** Rejection of the method. */
  error?: string;
  /** What the scope read after its write, and what another request found in the cache at that time. */
  inside?: number;
  others?: number;
  /** The cache and the row after the transaction. */
  cached?: number;
  stored: number;
}

type Scenario =
  'commit' | 'rollback' | 'decorated' | 'decoratedRollback' | 'joined' | 'savepoint' | 'outerRollback';

describe('guarantee 20: deferInvalidations in a decorator with @Transactional() of @nestjs-cls/transactional', () => {
  let observed: Record<Scenario, Observed>;
  beforeAll(async () => {
    const child = join(root, 'test', 'support', 'nestjs-cls-child.mjs');
    observed = JSON.parse(await execute(process.execPath, [child])) as typeof observed;
  });

  it('reads past the cache inside, hides the row from others, and evicts after the commit', () => {
    expect(observed.commit).toEqual({ inside: 7, others: 10, stored: 7 });
  });

  it('evicts nothing when the transaction rolls back', () => {
    expect(observed.rollback).toEqual({ error: 'a price is positive', cached: 10, stored: 10 });
  });

  it('holds back a @CacheEvict below it', () => {
    expect(observed.decorated).toEqual({ others: 10, stored: 7 });
    expect(observed.decoratedRollback).toEqual({ error: 'the outer one fails', cached: 10, stored: 10 });
  });

  it('evicts the writes of a method that joined, failed, and was committed by the outer one', () => {
    expect(observed.joined).toEqual({ others: 10, stored: -1 });
  });

  it('a savepoint that rolls back costs one load, and no more', () => {
    expect(observed.savepoint).toEqual({ inside: 10, stored: 10 });
  });

  it('waits for the outer transaction, and evicts nothing when that one rolls back', () => {
    expect(observed.outerRollback).toEqual({ error: 'the outer one fails', cached: 10, stored: 10 });
  });
});
