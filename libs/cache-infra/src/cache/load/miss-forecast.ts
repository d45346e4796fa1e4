/** Weight of the latest look in the share of misses, 0-1: about the last 32 looks count. */
const weight = 1 / 32;
/** Share of misses, 0-1, from which on a look is expected to miss. */
const threshold = 0.25;

/**
 * Whether the next look into Redis will miss, judged by the latest ones (an exponential moving average). A load that
 * expects a miss asks Redis for what it needs to load together with the entry, and saves a round trip; one that expects
 * a hit does not ask for what it does not need.
 */
export class MissForecast {
  #share = 1;

  get expectsMiss(): boolean {
    return this.#share >= threshold;
  }

  noted(isMiss: boolean): void {
    this.#share += ((isMiss ? 1 : 0) - this.#share) * weight;
  }
}
