import type { Cache } from '../../cache/contract/cache.js';
import type { LockContext } from '../../cache/contract/lock.js';

/** Most changes of one name that wait. Later ones displace the oldest. */
const mostWaiting = 1000;

export interface LockedUpdatesDeps<C> {
  readonly cache: Cache;
  /** Reads what the cache holds under `name`, applies the changes in their order, and writes it. */
  readonly apply: (name: string, changes: readonly C[], lock: LockContext) => Promise<void>;
  /** An update failed. Returns the changes that the next update of the name applies again. */
  readonly failed: (error: unknown, changes: readonly C[], hasBegun: boolean) => readonly C[];
}

interface Waiting<C> {
  changes: C[];
  running: Promise<void> | undefined;
}

/**
 * Read, change, write: by one instance at a time, under a lock of the cache. Changes that arrive while the lock is
 * awaited share the next update, so that a busy name costs one lock per update and not one per change.
 */
export class LockedUpdates<C> {
  readonly #deps: LockedUpdatesDeps<C>;
  readonly #names = new Map<string, Waiting<C>>();

  constructor(deps: LockedUpdatesDeps<C>) {
    this.#deps = deps;
  }

  /** Resolves when the change is stored, or its update has failed. Never rejects. */
  async add(name: string, change: C): Promise<void> {
    const waiting = this.#names.get(name) ?? { changes: [], running: undefined };
    this.#names.set(name, waiting);
    waiting.changes.push(change);
    if (waiting.changes.length > mostWaiting) waiting.changes.shift();
    waiting.running ??= this.#run(name, waiting);
    await waiting.running;
  }

  async #run(name: string, waiting: Waiting<C>): Promise<void> {
    let hasFailed = false;
    while (waiting.changes.length > 0 && !hasFailed) hasFailed = !(await this.#update(name, waiting));
    waiting.running = undefined;
    if (waiting.changes.length === 0) this.#names.delete(name);
  }

  /** False = the update failed. */
  async #update(name: string, waiting: Waiting<C>): Promise<boolean> {
    let changes: C[] = [];
    let hasBegun = false;
    try {
      await this.#deps.cache.lock(name, '10s', async (lock) => {
        changes = waiting.changes.splice(0);
        hasBegun = true;
        await this.#deps.apply(name, changes, lock);
      });
      return true;
    } catch (error) {
      if (!hasBegun) changes = waiting.changes.splice(0);
      const again = this.#deps.failed(error, changes, hasBegun);
      waiting.changes.unshift(...again);
      return false;
    }
  }
}
