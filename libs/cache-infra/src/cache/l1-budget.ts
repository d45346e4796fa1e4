import { getHeapStatistics } from 'node:v8';

import { memoryBytes, type MemorySize } from '../base/byte-size.js';
import { memoryBudget } from '../tiers/memory/memory-budget.js';
import type { L1Budget } from '../tiers/memory/memory-tier.js';
import type { Counters } from './observe/counters.js';

/** The share that an L1 has in the budget of the process; undefined = the cache has no `memoryBudget`. */
export function l1Budget(
  size: MemorySize | undefined,
  counters: Pick<Counters, 'l1Hits'>,
): L1Budget | undefined {
  if (size === undefined) return undefined;
  const maxBytes = memoryBytes(size, getHeapStatistics().heap_size_limit, 'memoryBudget');
  return { shared: memoryBudget, maxBytes, hits: () => counters.l1Hits };
}
