import type { LoadIdentity } from '../../cache/load/awaited-loads.js';
import type { Recording } from './recording.js';

interface Slot {
  recording: Recording | undefined;
  readonly waiting: ((recording: Recording) => void)[];
}

/** The recordings of loads. A load has one, if its loader is the producer of a stream. */
export class Recordings {
  readonly #slots = new WeakMap<LoadIdentity, Slot>();

  /** The loader of `load` records. */
  begin(load: LoadIdentity, recording: Recording): void {
    const slot = this.#slotOf(load);
    slot.recording = recording;
    for (const found of slot.waiting.splice(0)) found(recording);
  }

  /** Calls `found` when the loader of `load` records, if it ever does. */
  when(load: LoadIdentity, found: (recording: Recording) => void): void {
    const slot = this.#slotOf(load);
    if (slot.recording === undefined) slot.waiting.push(found);
    else found(slot.recording);
  }

  #slotOf(load: LoadIdentity): Slot {
    const known = this.#slots.get(load);
    if (known !== undefined) return known;
    const slot: Slot = { recording: undefined, waiting: [] };
    this.#slots.set(load, slot);
    return slot;
  }
}
