import { Node, Queue } from './queue.mjs';

/**
 * SIEVE: a queue in order of insertion, and a hand that moves from the tail to the head. A hit marks its entry as
 * visited and moves nothing. To evict, the hand passes over visited entries and unmarks them, until it finds one that
 * was not visited.
 *
 * Algorithm 1 in Y. Zhang, J. Yang, Y. Yue, Y. Vigfusson, K. V. Rashmi, "SIEVE is Simpler than LRU: an Efficient
 * Turn-Key Eviction Algorithm for Web Caches", NSDI 2024.
 */
export class Sieve {
  #capacity;
  #nodes = new Map();
  #queue = new Queue();
  /** Where the next search begins; `undefined` = at the tail. */
  #hand = undefined;

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
      if (node.uses === 0) node.uses = 1;
      return true;
    }
    if (this.#nodes.size >= this.#capacity) this.#evict();
    const added = new Node(key);
    this.#nodes.set(key, added);
    this.#queue.push(added);
    return false;
  }

  #evict() {
    let node = this.#hand ?? this.#queue.tail;
    while (node.uses > 0) {
      node.uses = 0;
      node = node.previous ?? this.#queue.tail;
    }
    this.#hand = node.previous;
    this.#queue.remove(node);
    this.#nodes.delete(node.key);
  }
}
