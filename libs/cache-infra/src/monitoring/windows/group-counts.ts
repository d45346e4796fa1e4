import type { LoadRecord, OperationRecord } from '../../cache/contract/monitor.js';
import { hitRatio } from './cache-counts.js';
import { CountedTable } from './counted-table.js';
import { groupOf } from './key-group.js';
import type { GroupWindow, WindowName } from './window-report.js';

const other = '(other)';
/** Groups of a monitor: about 7 kB each. */
const maxGroups = 100;
const [hitsCell, missesCell, loadsCell, loadErrorsCell, loadMsCell] = [0, 1, 2, 3, 4];

/** Keys whose group is remembered, and the longest of them: finding the group of a key takes longer than counting. */
const [maxKnown, longestKnown] = [512, 120];

interface Group {
  readonly id: string;
  readonly cache: string;
  readonly group: string;
}

function idOf(cache: string, key: string): Group {
  const group = groupOf(key);
  return { id: `${group} ${cache}`, cache, group };
}

/** Reads and loads by group of keys. Calls with many keys name none: only their loads count. */
export class GroupCounts {
  readonly #table = new CountedTable<Group>(maxGroups, 5, { id: other, cache: other, group: other });
  /** The groups of keys that were found lately. */
  readonly #known = new Map<string, Group>();

  /** @param key the key of the record */
  read(second: number, key: string, { cache, hit }: OperationRecord, calls: number): void {
    const cell = hit === true ? hitsCell : missesCell;
    // A key that was found is likely to be read again; a key that was missed is likely to be new.
    const group = hit === true ? this.#knownGroup(cache, key) : idOf(cache, key);
    this.#table.at(group.id, group, second).add(second, cell, calls);
  }

  /** @param loads loads that the record stands for */
  loaded(second: number, { cache, key, duration, success }: LoadRecord, loads: number): void {
    const group = idOf(cache, key);
    const rings = this.#table.at(group.id, group, second);
    rings.add(second, loadsCell, loads);
    if (!success) rings.add(second, loadErrorsCell, loads);
    rings.add(second, loadMsCell, loads * Math.max(0, duration));
  }

  /** Most loads first. */
  report(window: WindowName, second: number): GroupWindow[] {
    const groups = this.#table.sums(window, second).map(({ key, sums }): GroupWindow => {
      const [hits = 0, misses = 0, loads = 0, loadErrors = 0, loadMs = 0] = sums;
      return {
        cache: key.cache,
        group: key.group,
        hits,
        misses,
        loads,
        loadErrors,
        loadMs,
        hitRatio: hitRatio(hits, misses),
      };
    });
    return groups.sort((a, b) => b.loads - a.loads || b.hits + b.misses - a.hits - a.misses);
  }

  #knownGroup(cache: string, key: string): Group {
    const known = this.#known.get(key);
    if (known?.cache === cache) return known;
    if (this.#known.size >= maxKnown) this.#known.clear();
    const group = idOf(cache, key);
    if (key.length <= longestKnown) this.#known.set(key, group);
    return group;
  }

  age(): void {
    this.#table.age();
  }

  clear(): void {
    this.#known.clear();
    this.#table.clear();
  }

  get bytes(): number {
    return this.#table.bytes;
  }
}
