/** A change that this client made, from before it is sent until the server has told of it. */
export interface OwnChange {
  /** The change did not reach the server, or nobody knows: what the server tells of its keys is somebody else's from now on. */
  withdraw(): void;
}

/** Of a change that the server does not tell this client of. */
export const noOwnChange: OwnChange = {
  withdraw: () => {
    // Nothing is expected.
  },
};

interface Pending {
  readonly owner: unknown;
  isHeard: boolean;
}

/** Withdrawn changes are not remembered, and changes of a server that tells nothing would be: beyond this many, all are forgotten. */
const maxPending = 100_000;

/**
 * Tells the echo of an own change from the change of somebody else, for a client that is tracked without `NOLOOP`.
 *
 * `NOLOOP` names the client whose command runs, not the one that changes the key: keys that Redis evicts, expires, or drops from its
 * tracking table during a command of this client would go untold (`trackingInvalidateKey` in Redis's `tracking.c`). Without it the
 * server also tells of own changes. Each own change of a key is made so that the server tells of it exactly once: the key is read right
 * before, in the same script or on the same connection, and so is tracked when it changes. One message for a key with a pending
 * change is therefore its echo. When somebody else's change comes first, its message is taken for the echo, and the echo for somebody
 * else's change: the L1 loses a current entry, which is safe.
 *
 * Too few pending changes are safe for the same reason. One too many would hide a change: so a change that may not have been made is
 * withdrawn, and all are forgotten when tracking begins anew.
 */
export class OwnChanges {
  readonly #byKey = new Map<string, Pending[]>();
  #size = 0;

  /** `owner` is about to change these keys, each once. `onMissed` hears which keys were told of, if the change is withdrawn. */
  expect(
    owner: unknown,
    redisKeys: readonly string[],
    onMissed: (redisKeys: readonly string[]) => void,
  ): OwnChange {
    if (this.#size + redisKeys.length > maxPending) this.forget();
    const pending = redisKeys.map((redisKey) => this.#add(redisKey, { owner, isHeard: false }));
    return {
      withdraw: () => {
        const missed = redisKeys.filter((redisKey, i) => !this.#remove(redisKey, pending[i] as Pending));
        if (missed.length > 0) onMissed(missed);
      },
    };
  }

  /** The server tells of a change: who made it, as far as this client knows; undefined = somebody else. */
  heard(redisKey: string): unknown {
    const waiting = this.#byKey.get(redisKey);
    const first = waiting?.shift();
    if (waiting === undefined || first === undefined) return undefined;
    this.#size--;
    if (waiting.length === 0) this.#byKey.delete(redisKey);
    first.isHeard = true;
    return first.owner;
  }

  /** Tracking begins anew: the server tells nothing of what it was sent before. */
  forget(): void {
    this.#byKey.clear();
    this.#size = 0;
  }

  #add(redisKey: string, pending: Pending): Pending {
    const waiting = this.#byKey.get(redisKey);
    if (waiting === undefined) this.#byKey.set(redisKey, [pending]);
    else waiting.push(pending);
    this.#size++;
    return pending;
  }

  /** False when the server has told of a change of this key since `expect`: of this one, or of one that took its place. */
  #remove(redisKey: string, pending: Pending): boolean {
    if (pending.isHeard) return false;
    const waiting = this.#byKey.get(redisKey);
    const at = waiting?.indexOf(pending) ?? -1;
    if (waiting === undefined || at === -1) return true;
    waiting.splice(at, 1);
    this.#size--;
    if (waiting.length === 0) this.#byKey.delete(redisKey);
    return true;
  }
}
