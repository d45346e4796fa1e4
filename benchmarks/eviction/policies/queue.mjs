/** An entry of a policy: one shape for all of them. */
export class Node {
  constructor(key) {
    this.key = key;
    this.previous = undefined;
    this.next = undefined;
    /** The queue that holds the node. */
    this.queue = undefined;
    /** Hits as the policy counts them: visited or not, a frequency. */
    this.uses = 0;
    /** Hash of the key, for policies that count keys in a sketch. */
    this.hash = 0;
  }
}

/** A doubly linked list. New nodes enter at the head, old ones leave at the tail. */
export class Queue {
  head = undefined;
  tail = undefined;
  size = 0;

  push(node) {
    node.queue = this;
    node.previous = undefined;
    node.next = this.head;
    if (this.head === undefined) this.tail = node;
    else this.head.previous = node;
    this.head = node;
    this.size++;
  }

  remove(node) {
    if (node.previous === undefined) this.head = node.next;
    else node.previous.next = node.next;
    if (node.next === undefined) this.tail = node.previous;
    else node.next.previous = node.previous;
    node.queue = undefined;
    this.size--;
  }

  /** Makes `node`, which stands in this queue, the newest one. */
  moveToHead(node) {
    if (this.head === node) return;
    this.remove(node);
    this.push(node);
  }
}
