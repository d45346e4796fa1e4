/** A change by this client, from before it is sent until the server has announced it. */
export interface OwnChange {
  /**
   * The change did not reach the server, or may not have: from now on an announcement of its keys counts as another
   * client's change.
   */
  withdraw(): void;
}

/** For a change that the server does not announce to this client. */
export const noOwnChange: OwnChange = {
  withdraw: () => {
    // Nothing is expected.
  },
};

interface Pending {
  readonly owner: unknown;
  isAnnounced: boolean;
}

/**
 * Most pending changes. A server that announces nothing would let them grow without bound: beyond this number all are
 * forgotten.
 */
const maxPending = 100_000;

/**
 * Distinguishes the echo of an own change from a change by another client, for a client that is tracked without
 * `NOLOOP`.
 *
 * `NOLOOP` leaves out the client whose command runs. That is not always the client that changes the key: keys that
 * Redis evicts, expires, or drops from its tracking table during a command of this client would not be announced
 * (`trackingInvalidateKey` in Redis's `tracking.c`). Without `NOLOOP` the server announces own changes, too.
 *
 * The server announces each own change of a key exactly once: the key is read right before the change, in the same
 * script or on the same connection, and so is tracked when it changes. One announcement of a key with a pending change
 * is therefore its echo. When the change of another client is announced first, it is taken for the echo, and the echo
 * for a change by another client: the L1 loses a current entry, which is safe.
 *
 * A missing pending change is safe for the same reason. A surplus pending change would hide a change by another client.
 * So a change that may not have been made is withdrawn, and all pending changes are forgotten when tracking starts
 * again.
 */
export class OwnChanges {
  readonly #byKey = new Map<string, Pending[]>();
  #size = 0;

  /**
   * `owner` is about to change these keys, each once. `onMissed` gets the keys that were announced before the change is
   * withdrawn.
   */
  expect(
    owner: unknown,
    redisKeys: readonly string[],
    onMissed: (redisKeys: readonly string[]) => void,
  ): OwnChange {
    if (this.#size + redisKeys.length > maxPending) this.forget();
    const pending = redisKeys.map((redisKey) => this.#add(redisKey, { owner, isAnnounced: false }));
    return {
      withdraw: () => {
        const missed = redisKeys.filter((redisKey, i) => !this.#remove(redisKey, pending[i] as Pending));
        if (missed.length > 0) onMissed(missed);
      },
    };
  }

  /** The server announces a change. Returns the owner of the change; undefined = another client. */
  announced(redisKey: string): unknown {
    const waiting = this.#byKey.get(redisKey);
    const first = waiting?.shift();
    if (waiting === undefined || first === undefined) return undefined;
    this.#size--;
    if (waiting.length === 0) this.#byKey.delete(redisKey);
    first.isAnnounced = true;
    return first.owner;
  }

  /** Tracking starts again: the server announces no change that it got before. */
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

  /**
   * False when the server has announced a change of this key since `expect`: this change, or one that was taken for it.
   */
  #remove(redisKey: string, pending: Pending): boolean {
    if (pending.isAnnounced) return false;
    const waiting = this.#byKey.get(redisKey);
    const at = waiting?.indexOf(pending) ?? -1;
    if (waiting === undefined || at === -1) return true;
    waiting.splice(at, 1);
    this.#size--;
    if (waiting.length === 0) this.#byKey.delete(redisKey);
    return true;
  }
}
