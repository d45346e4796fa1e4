import { Ghosts } from './ghosts.mjs';
import { Node, Queue } from './queue.mjs';
import { hashOf } from './sketch.mjs';

const smallShare = 0.1;
const mostUses = 3;

/**
 * S3-FIFO: three queues in order of insertion. New entries enter the small one (a tenth of the capacity). An entry that
 * leaves it goes to the main one if it was used more than once, else its key goes to the ghosts. The key of a ghost
 * that is stored again enters the main queue. The main queue gives an entry one more round for each use, of 3 at most.
 *
 * Algorithm 1 in J. Yang, Y. Zhang, Z. Qiu, Y. Yue, K. V. Rashmi, "FIFO Queues are All You Need for Cache Eviction",
 * SOSP 2023. There are as many ghosts as the main queue has entries.
 */
export class S3Fifo {
  #capacity;
  #smallCapacity;
  #nodes = new Map();
  #small = new Queue();
  #main = new Queue();
  #ghosts;

  constructor(capacity) {
    this.#capacity = capacity;
    this.#smallCapacity = Math.max(1, Math.floor(capacity * smallShare));
    this.#ghosts = new Ghosts(Math.max(1, capacity - this.#smallCapacity));
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
      if (node.uses < mostUses) node.uses++;
      return true;
    }
    while (this.#nodes.size >= this.#capacity) this.#evict();
    const added = new Node(key);
    added.hash = hashOf(key);
    this.#nodes.set(key, added);
    (this.#ghosts.delete(added.hash) ? this.#main : this.#small).push(added);
    return false;
  }

  #evict() {
    if (this.#small.size >= this.#smallCapacity || this.#main.size === 0) this.#evictFromSmall();
    else this.#evictFromMain();
  }

  #evictFromSmall() {
    while (this.#small.size > 0) {
      const node = this.#small.tail;
      this.#small.remove(node);
      if (node.uses <= 1) {
        this.#nodes.delete(node.key);
        this.#ghosts.add(node.hash);
        return;
      }
      node.uses = 0;
      this.#main.push(node);
      if (this.#main.size > this.#capacity - this.#smallCapacity) this.#evictFromMain();
    }
  }

  #evictFromMain() {
    for (;;) {
      const node = this.#main.tail;
      if (node.uses === 0) {
        this.#main.remove(node);
        this.#nodes.delete(node.key);
        return;
      }
      node.uses--;
      this.#main.moveToHead(node);
    }
  }
}
