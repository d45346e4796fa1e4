/** Calls of one second that are counted one by one. */
const exactPerSecond = 256;
/** Calls that a counted one stands for, beyond: the mean of the gaps. */
const gap = 16;

/**
 * Which calls are counted by their key. The group of a key takes longer to find than a miss in the L1 takes. So the
 * first 256 calls of a second count one by one; beyond, one in 16 counts for 16, after a random gap, so that keys read
 * in turn all get their share.
 */
export class ReadSampling {
  #second = -1;
  #exact = 0;
  #left = 0;

  /** The calls that the present one stands for; 0 = it is left out. */
  weight(second: number): number {
    if (second !== this.#second) {
      this.#second = second;
      this.#exact = 0;
    }
    if (this.#exact < exactPerSecond) {
      this.#exact++;
      return 1;
    }
    if (--this.#left > 0) return 0;
    this.#left = 1 + Math.floor(Math.random() * (2 * gap - 1));
    return gap;
  }
}
