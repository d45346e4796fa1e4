import { Node, Queue } from './queue.mjs';
import { FrequencySketch, hashOf } from './sketch.mjs';

const protectedShare = 0.8;

/**
 * W-TinyLFU: new entries enter a window, an LRU of a share of the capacity. An entry that leaves the window takes the
 * place of the main cache's victim if it was used more often lately, by a sketch of all uses. The main cache is a
 * segmented LRU: entries used again are protected, four fifths of it at most.
 *
 * G. Einziger, R. Friedman, B. Manes, "TinyLFU: A Highly Efficient Cache Admission Policy", ACM Transactions on Storage
 * 13 (2017), section 4. The window there is 1 % of the capacity.
 */
export class WTinyLfu {
  #capacity;
  #windowCapacity;
  #protectedCapacity;
  #nodes = new Map();
  #window = new Queue();
  #probation = new Queue();
  #protected = new Queue();
  #sketch;

  constructor(capacity, windowShare = 0.01) {
    this.#capacity = capacity;
    this.#windowCapacity = Math.max(1, Math.floor(capacity * windowShare));
    this.#protectedCapacity = Math.floor((capacity - this.#windowCapacity) * protectedShare);
    this.#sketch = new FrequencySketch(capacity);
  }

  get size() {
    return this.#nodes.size;
  }

  has(key) {
    return this.#nodes.has(key);
  }

  /** Uses the key, and stores it if it is absent. Returns true for a hit. */
  access(key) {
    const node = this.#nodes.get(key);
    if (node !== undefined) {
      this.#sketch.add(node.hash);
      this.#use(node);
      return true;
    }
    const added = new Node(key);
    added.hash = hashOf(key);
    this.#sketch.add(added.hash);
    this.#nodes.set(key, added);
    this.#window.push(added);
    if (this.#window.size > this.#windowCapacity) this.#leaveWindow();
    return false;
  }

  #use(node) {
    if (node.queue !== this.#probation) {
      node.queue.moveToHead(node);
      return;
    }
    this.#probation.remove(node);
    this.#protected.push(node);
    if (this.#protected.size > this.#protectedCapacity) this.#demote();
  }

  #demote() {
    const oldest = this.#protected.tail;
    this.#protected.remove(oldest);
    this.#probation.push(oldest);
  }

  #leaveWindow() {
    const candidate = this.#window.tail;
    this.#window.remove(candidate);
    if (this.#nodes.size <= this.#capacity) {
      this.#probation.push(candidate);
      return;
    }
    const victim = this.#probation.tail ?? this.#protected.tail;
    if (victim === undefined || this.#sketch.count(candidate.hash) <= this.#sketch.count(victim.hash)) {
      this.#nodes.delete(candidate.key);
      return;
    }
    victim.queue.remove(victim);
    this.#nodes.delete(victim.key);
    this.#probation.push(candidate);
  }
}
