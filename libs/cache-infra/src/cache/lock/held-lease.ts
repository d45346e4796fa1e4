import { timerMs } from '../../base/duration.js';
import { LockLostError } from '../../base/errors.js';
import type { RemoteLeases } from '../../tiers/remote-tier.js';

/** A lease that Redis granted. */
export interface GrantedLease {
  readonly name: string;
  readonly redisKey: string;
  readonly holder: string;
  readonly token: number;
  readonly leaseMs: number;
  /** `performance.now()` before Redis was asked: the lease ends no earlier than `leaseMs` later. */
  readonly askedAt: number;
}

/** Shortest pause between two renewals, milliseconds. */
const minPauseMs = 20;

/**
 * Renews a lease three times in its length while the work of its holder runs. `onLost` is called once, when Redis says
 * that another holder may run, or when no renewal was answered for the length of the lease. The time is measured from
 * the sending of the last renewal, by this process's monotonic clock: the holder gives up no later than Redis does.
 */
export class HeldLease {
  readonly #lease: GrantedLease;
  readonly #leases: RemoteLeases;
  readonly #onLost: (error: LockLostError) => void;
  #endsAt: number;
  #deadline: NodeJS.Timeout | undefined;
  #renewal: NodeJS.Timeout | undefined;
  #isEnded = false;

  constructor(leases: RemoteLeases, lease: GrantedLease, onLost: (error: LockLostError) => void) {
    this.#leases = leases;
    this.#lease = lease;
    this.#onLost = onLost;
    this.#endsAt = lease.askedAt + lease.leaseMs;
    this.#watchDeadline();
    this.#renewAfter(this.#pauseMs);
  }

  /** Stops renewing, and tells nothing more. */
  end(): void {
    this.#isEnded = true;
    clearTimeout(this.#deadline);
    clearTimeout(this.#renewal);
  }

  get #pauseMs(): number {
    return Math.max(minPauseMs, this.#lease.leaseMs / 3);
  }

  #watchDeadline(): void {
    clearTimeout(this.#deadline);
    const leftMs = timerMs(Math.max(0, this.#endsAt - performance.now()));
    // The work keeps the process alive, and not its lease.
    this.#deadline = setTimeout(() => {
      if (performance.now() < this.#endsAt) this.#watchDeadline();
      else this.#lose(`no renewal was answered for ${String(this.#lease.leaseMs)} ms`);
    }, leftMs).unref();
  }

  #renewAfter(ms: number): void {
    this.#renewal = setTimeout(() => {
      void this.#renew();
    }, timerMs(ms)).unref();
  }

  async #renew(): Promise<void> {
    const { redisKey, holder, leaseMs } = this.#lease;
    const askedAt = performance.now();
    // After a pause of the process both timers are due.
    if (askedAt >= this.#endsAt) return;
    let isRenewed: boolean;
    try {
      isRenewed = await this.#leases.renew(redisKey, holder, leaseMs);
    } catch {
      if (!this.#isEnded) this.#renewAfter(Math.max(minPauseMs, this.#pauseMs / 4));
      return;
    }
    if (this.#isEnded) return;
    if (!isRenewed) {
      this.#lose('another caller holds it, or Redis has lost it');
      return;
    }
    this.#endsAt = askedAt + leaseMs;
    this.#watchDeadline();
    this.#renewAfter(this.#pauseMs);
  }

  #lose(why: string): void {
    this.end();
    this.#onLost(new LockLostError(this.#lease.name, why));
  }
}
