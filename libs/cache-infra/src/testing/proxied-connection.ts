import { connect, type Socket } from 'node:net';

import { FaultControls, type FaultState, type ProxyFaults } from './proxy-faults.js';

/** A connection through the proxy, with faults of its own. */
export interface ProxiedConnection extends ProxyFaults {
  /** True once the client has subscribed to a Pub/Sub channel on it, as a cache does for its invalidation channel. */
  readonly isSubscriber: boolean;
}

/** `SUBSCRIBE`, `PSUBSCRIBE` or `SSUBSCRIBE`, as a command on the wire. */
const subscribes = /\$(?:9|10)\r\n[ps]?subscribe\r\n/i;

/** A connection of a client, and the one to the target that belongs to it. */
export class Connection extends FaultControls implements ProxiedConnection {
  readonly #client: Socket;
  readonly #target: Socket;
  readonly #requests: Way;
  readonly #replies: Way;
  readonly #onEnd: () => void;
  #isSubscriber = false;

  constructor(client: Socket, target: { host: string; port: number }, onEnd: () => void) {
    super();
    this.#client = client;
    this.#target = connect({ ...target, allowHalfOpen: true });
    this.#onEnd = onEnd;
    const cut = (): void => {
      this.#end((socket) => socket.destroy());
    };
    this.#requests = new Way(this.#target, cut);
    this.#replies = new Way(client, cut);
    client.on('data', (chunk: Buffer) => {
      this.#isSubscriber ||= subscribes.test(chunk.toString('latin1'));
    });
    this.#carry(client, this.#requests);
    this.#carry(this.#target, this.#replies);
  }

  get isSubscriber(): boolean {
    return this.#isSubscriber;
  }

  override change(faults: Partial<FaultState>): void {
    const [requests, replies] = [this.#requests, this.#replies];
    requests.held = faults.requestsHang ?? requests.held;
    replies.held = faults.repliesHang ?? replies.held;
    replies.delayMs = faults.delayMs ?? replies.delayMs;
    replies.bytesUntilCut = faults.bytesUntilCut ?? replies.bytesUntilCut;
    for (const way of [requests, replies]) {
      way.bytesPerSecond = faults.bytesPerSecond ?? way.bytesPerSecond;
      way.deliver();
    }
  }

  override reset(): void {
    this.#end((socket) => socket.resetAndDestroy());
  }

  #carry(from: Socket, way: Way): void {
    from.setNoDelay(true);
    // The end of the connection follows as 'close'.
    from.on('error', () => undefined);
    from.on('data', (chunk: Buffer) => {
      way.send(chunk);
    });
    from.on('end', () => {
      way.send(undefined);
    });
    from.on('close', () => {
      way.send(undefined);
      if (this.#client.destroyed && this.#target.destroyed) this.#onEnd();
    });
  }

  #end(by: (socket: Socket) => void): void {
    this.#requests.stop();
    this.#replies.stop();
    by(this.#client);
    by(this.#target);
  }
}

/** Bytes on their way; `undefined` = the end of the connection. */
interface Travelling {
  chunk: Buffer | undefined;
  readonly sentAt: number;
}

/** Throttled bytes arrive in portions of this much time. */
const portionMs = 50;

/** One direction of a connection: bytes in order, then the end. As in TCP, only a cut loses bytes. */
class Way {
  readonly #to: Socket;
  readonly #onCut: () => void;
  readonly #travelling: Travelling[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** The time at which the throttle lets the next bytes through. */
  #freeAt = 0;
  held = false;
  delayMs = 0;
  bytesPerSecond = Infinity;
  bytesUntilCut = Infinity;

  constructor(to: Socket, onCut: () => void) {
    this.#to = to;
    this.#onCut = onCut;
  }

  send(chunk: Buffer | undefined): void {
    this.#travelling.push({ chunk, sentAt: performance.now() });
    this.deliver();
  }

  deliver(): void {
    clearTimeout(this.#timer);
    while (!this.held) {
      const next = this.#travelling[0];
      if (next === undefined) return;
      const throttledUntil = this.bytesPerSecond === Infinity ? 0 : this.#freeAt;
      const wait = Math.max(next.sentAt + this.delayMs, throttledUntil) - performance.now();
      if (wait > 0) {
        this.#timer = setTimeout(() => {
          this.deliver();
        }, Math.ceil(wait)).unref();
        return;
      }
      this.#arrive(this.#portionOf(next));
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#travelling.length = 0;
  }

  #portionOf(next: Travelling): Buffer | undefined {
    const { chunk } = next;
    const most = Math.ceil((this.bytesPerSecond * portionMs) / 1000);
    if (chunk !== undefined && chunk.length > most) next.chunk = chunk.subarray(most);
    else this.#travelling.shift();
    const portion = chunk?.subarray(0, most);
    this.#freeAt = performance.now() + ((portion?.length ?? 0) / this.bytesPerSecond) * 1000;
    return portion;
  }

  #arrive(chunk: Buffer | undefined): void {
    if (this.#to.destroyed || this.#to.writableEnded) return;
    if (chunk === undefined) {
      this.#to.end();
    } else if (chunk.length < this.bytesUntilCut) {
      this.bytesUntilCut -= chunk.length;
      this.#to.write(chunk);
    } else {
      this.#to.end(chunk.subarray(0, this.bytesUntilCut), this.#onCut);
    }
  }
}
