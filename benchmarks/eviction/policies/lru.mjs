import { Node, Queue } from './queue.mjs';

/** Evicts the entry whose latest use is the longest ago. A hit moves its entry to the head. */
export class Lru {
  #capacity;
  #nodes = new Map();
  #queue = new Queue();

  constructor(capacity) {
    this.#capacity = capacity;
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
      this.#queue.moveToHead(node);
      return true;
    }
    if (this.#nodes.size >= this.#capacity) {
      const oldest = this.#queue.tail;
      this.#queue.remove(oldest);
      this.#nodes.delete(oldest.key);
    }
    const added = new Node(key);
    this.#nodes.set(key, added);
    this.#queue.push(added);
    return false;
  }
}
