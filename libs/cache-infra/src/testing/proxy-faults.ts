import { oneOf, positiveInteger, problemsAt, type Check } from '../base/checks.js';
import { durationMs, type Ttl } from '../base/duration.js';
import { ValidationError } from '../base/errors.js';

/** The bytes that hang: those that the client sends, those that Redis sends, or all. */
export type ProxyDirection = 'requests' | 'replies' | 'both';

/** The faults of connections. They add up, until {@link resume}. */
export interface ProxyFaults {
  /**
   * Delays each reply by this long: whole seconds, or a duration with a unit. 0 ends the delay.
   *
   * @throws ValidationError for any other value
   */
  delay(by: Ttl): void;
  /**
   * Lets at most this many bytes a second through each connection and direction, in portions of 50 ms: a whole number
   * above 0.
   *
   * @throws ValidationError for any other value
   */
  throttle(bytesPerSecond: number): void;
  /**
   * Holds back what the client sends (`'requests'`), what Redis sends (`'replies'`), or both (default). Connections
   * stay open, as behind a firewall that drops packets. After {@link resume} the bytes arrive late, like packets that
   * are sent again.
   *
   * @throws ValidationError for any other value
   */
  hang(direction?: ProxyDirection): void;
  /**
   * Ends each connection after this many more bytes of replies, in the middle of a reply: a whole number above 0.
   *
   * @throws ValidationError for any other value
   */
  cutAfter(bytes: number): void;
  /** Ends each connection now, by RST. Clients may connect again at once. */
  reset(): void;
  /** Ends every fault. Held and delayed bytes arrive; a connection that was ended stays so. */
  resume(): void;
}

/** The faults as a state. */
export interface FaultState {
  /** Milliseconds. */
  readonly delayMs: number;
  /** `Infinity` = no limit. */
  readonly bytesPerSecond: number;
  readonly requestsHang: boolean;
  readonly repliesHang: boolean;
  /** Bytes of replies; `Infinity` = the connection is not cut. */
  readonly bytesUntilCut: number;
}

export const noFaults: FaultState = {
  delayMs: 0,
  bytesPerSecond: Infinity,
  requestsHang: false,
  repliesHang: false,
  bytesUntilCut: Infinity,
};

const direction = oneOf('requests', 'replies', 'both');

/** Checks the arguments of each call, and turns it into a change of the state. */
export abstract class FaultControls implements ProxyFaults {
  delay(by: Ttl): void {
    this.change({ delayMs: durationMs(by, 'delay') });
  }

  throttle(bytesPerSecond: number): void {
    assertArgument('throttle', 'bytesPerSecond', bytesPerSecond, positiveInteger);
    this.change({ bytesPerSecond });
  }

  hang(which: ProxyDirection = 'both'): void {
    assertArgument('hang', 'direction', which, direction);
    this.change({
      ...(which !== 'replies' && { requestsHang: true }),
      ...(which !== 'requests' && { repliesHang: true }),
    });
  }

  cutAfter(bytes: number): void {
    assertArgument('cutAfter', 'bytes', bytes, positiveInteger);
    this.change({ bytesUntilCut: bytes });
  }

  resume(): void {
    this.change(noFaults);
  }

  abstract reset(): void;

  /** @internal */
  abstract change(faults: Partial<FaultState>): void;
}

function assertArgument(call: string, name: string, value: unknown, check: Check): void {
  const problems = problemsAt(name, value, check);
  if (problems.length > 0) throw new ValidationError(problems, call);
}
