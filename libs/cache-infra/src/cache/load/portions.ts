import { setMaxListeners } from 'node:events';
import { setImmediate } from 'node:timers';

import { Turn } from '../../base/turn.js';
import type { CallTimers } from './call-timers.js';

/** Keys of one call that begin, abort or time out in one turn of the event loop. */
export const keysAtOnce = 100;

/**
 * The signal of a call for many keys, as a signal for each portion of keys: one signal with a listener for each key
 * would search through all listeners to add another, and call all of them in one turn.
 */
export class PortionedSignal {
  readonly #signal: AbortSignal;
  readonly #portions: AbortController[] = [];

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener('abort', this.#abort, { once: true });
  }

  /** The signal of the next {@link keysAtOnce} keys. */
  next(): AbortSignal {
    const controller = new AbortController();
    setMaxListeners(0, controller.signal);
    if (this.#signal.aborted) controller.abort(this.#signal.reason);
    this.#portions.push(controller);
    return controller.signal;
  }

  /** The call has ended. */
  stop(): void {
    this.#signal.removeEventListener('abort', this.#abort);
  }

  readonly #abort = (): void => {
    void this.#abortAll();
  };

  async #abortAll(): Promise<void> {
    const turn = new Turn();
    for (const controller of this.#portions) {
      controller.abort(this.#signal.reason);
      await turn.next();
    }
  }
}

/**
 * Timers of a call for many keys: keys that begin to wait in one turn share a timer. Waits that are due end in
 * portions, between which the event loop runs other tasks.
 */
export class PortionedTimers implements Pick<CallTimers, 'start'> {
  readonly #timers: Pick<CallTimers, 'start'>;
  /** The timers started in this turn, by their milliseconds. */
  readonly #started = new Map<number, SharedTimer>();
  readonly #due: ReadonlySet<Wait>[] = [];
  #isEnding = false;

  constructor(timers: Pick<CallTimers, 'start'>) {
    this.#timers = timers;
  }

  start(ms: number, action: () => void): () => void {
    const timer = this.#started.get(ms) ?? this.#begin(ms);
    const wait: Wait = { action };
    timer.waits.add(wait);
    return () => {
      timer.waits.delete(wait);
      if (timer.waits.size === 0) timer.stop();
    };
  }

  #begin(ms: number): SharedTimer {
    const waits = new Set<Wait>();
    const stop = this.#timers.start(ms, () => {
      this.#due.push(waits);
      if (!this.#isEnding) void this.#endDue();
    });
    const timer = { waits, stop };
    this.#started.set(ms, timer);
    setImmediate(() => {
      if (this.#started.get(ms) === timer) this.#started.delete(ms);
    });
    return timer;
  }

  async #endDue(): Promise<void> {
    this.#isEnding = true;
    const turn = new Turn();
    let ended = 0;
    for (let waits = this.#due.shift(); waits !== undefined; waits = this.#due.shift()) {
      for (const { action } of waits) {
        if (ended > 0 && ended % keysAtOnce === 0) await turn.next();
        ended++;
        action();
      }
    }
    this.#isEnding = false;
  }
}

/** A wait of one key for its time-out. */
interface Wait {
  readonly action: () => void;
}

interface SharedTimer {
  readonly waits: Set<Wait>;
  readonly stop: () => void;
}
