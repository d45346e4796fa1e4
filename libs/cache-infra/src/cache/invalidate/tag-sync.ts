import { failureKind, isOutage } from '../../tiers/redis/errors.js';
import type { RemoteTier, TagNews } from '../../tiers/remote-tier.js';
import type { TagMessage } from '../../tiers/redis/tag-channel.js';
import { TagTable } from '../entry/tag-table.js';

/** What an answer from Redis said. */
export interface PullResult {
  /** The table was made with this call: until now no tag had been invalidated. */
  readonly made: boolean;
  /** The epoch that the answer reached up to. */
  readonly latest: number;
  /** Of an invalidation: the table's epoch before it. */
  readonly before?: number | undefined;
}

/** One question to Redis, shared by all who came before it was sent. */
interface Pull {
  /** The table is to be made if it is not there. */
  make: boolean;
  /** Somebody needs what is in Redis now; the others, what the invalidation channel may tell as well. */
  exact: boolean;
  /** The latest epoch of an entry in Redis that the table does not reach up to. */
  claim: number;
  readonly answer: Promise<PullResult>;
  readonly resolve: (learned: PullResult) => void;
  readonly reject: (error: unknown) => void;
}

/** Invalidations of one turn of the event loop. */
interface Invalidation {
  readonly tags: Set<string>;
  readonly answer: Promise<PullResult>;
  readonly resolve: (learned: PullResult) => void;
  readonly reject: (error: unknown) => void;
}

/** Messages kept that came before what they build upon was known. */
const maxEarly = 100;
/** An epoch further ahead of Redis's clock than this is not believed, as in the tag table's script. */
const mostAheadMs = 86_400_000;

/**
 * Keeps this process's tag table in step with the one in Redis.
 *
 * While the invalidation channel is open, each change of the table comes as a message with the epoch before it:
 * messages without a gap keep this table complete, and nothing is asked. After a gap, or a change that no message
 * tells of, and without a channel, Redis is asked along with the next read that may need it.
 *
 * A read must not be judged by an answer from before it began: so a question is shared by all who came before it
 * was sent, one is under way at a time, and those who come meanwhile share the next.
 */
export class TagSync {
  readonly table: TagTable;
  readonly #l2: RemoteTier | undefined;
  /** All changes of the table in Redis are known up to this epoch; 0 = none is. */
  #reached = 0;
  /** The latest epoch that the channel has told of, complete or not. */
  #heard = 0;
  /** This process has met an entry with tags. */
  #hasTags = false;
  #hasPulled = false;
  /** Nothing has changed in Redis beyond what is known, and a change would be heard of. */
  #fresh = false;
  /** The channel has spoken; answers that were under way then may be from before. */
  #changes = 0;
  #channelOpen = false;
  #early: TagMessage[] = [];
  #next: Pull | undefined;
  #isPulling = false;
  #invalidation: Invalidation | undefined;

  constructor(l2: RemoteTier | undefined, maxTags: number) {
    this.table = new TagTable(maxTags);
    this.#l2 = l2;
  }

  /** An entry with tags in this process may be out of date, until `learn` has been awaited. */
  get stale(): boolean {
    return this.#channelOpen && this.#hasTags && !this.#fresh;
  }

  /** This process has tags to look after. */
  tagsInUse(): void {
    this.#hasTags = true;
  }

  /** Asks Redis along with a read, if an entry with tags may come back; `undefined` when there is no need. */
  pullForRead(): Promise<unknown> | undefined {
    return this.#l2 !== undefined && this.#hasTags && !this.#fresh ? this.pull() : undefined;
  }

  /** Asks Redis before a load, whose value may turn out to have tags. */
  pullForLoad(hasTags: boolean): Promise<unknown> | undefined {
    if (this.#l2 === undefined) return undefined;
    if (hasTags) this.#hasTags = true;
    if (!hasTags && this.#hasPulled && !this.#hasTags) return undefined;
    if (this.#fresh) return undefined;
    return this.#request({ make: hasTags, exact: false, claim: 0 });
  }

  /** What happened to tags elsewhere until now. */
  pull(): Promise<PullResult> {
    return this.#request({ make: false, exact: false, claim: 0 });
  }

  /**
   * As `learn`, by an answer of Redis from after this call; makes the table if it is not there: something with tags
   * is stored.
   */
  pullForWrite(): Promise<PullResult> {
    return this.#request({ make: true, exact: true, claim: 0 });
  }

  /** Invalidates tags; those of one turn of the event loop go as one command. */
  invalidate(tags: readonly string[]): Promise<PullResult> {
    if (this.#l2 === undefined) return Promise.resolve({ made: false, latest: this.table.latest });
    if (this.#invalidation === undefined) {
      this.#invalidation = { tags: new Set(), ...promised() };
      process.nextTick(this.#sendInvalidation);
    }
    for (const tag of tags) this.#invalidation.tags.add(tag);
    return this.#invalidation.answer;
  }

  /**
   * Learns what a value made at `epoch` has to be measured by. A table that does not reach up to it has lost
   * something: then its floor rises above the value.
   */
  async pullUpTo(epoch: number, news: Promise<unknown> | undefined): Promise<void> {
    await (news ?? this.pullForRead());
    if (epoch > this.table.latest) await this.#request({ make: false, exact: true, claim: 0 });
    if (epoch > this.table.latest) await this.#request({ make: true, exact: true, claim: epoch });
  }

  /** The table in Redis was changed; no message has told how. */
  onChange(): void {
    this.#changes++;
    this.#fresh = false;
    // No entry with tags counts as checked any more.
    this.table.touch();
  }

  /** The table in Redis has reached `epoch`. */
  onEpoch(epoch: number): void {
    if (!(epoch <= this.#reached)) this.onChange();
  }

  /** Redis tells of a change of the table. */
  onMessage(message: TagMessage): void {
    // Of a table that was never asked for, nothing is known that the change could be added to.
    if (this.#reached === 0 || !this.#isBelievable(message)) {
      this.onChange();
      return;
    }
    this.table.raiseFloor(message.floor);
    if (message.latest <= this.#reached) return;
    this.#heard = message.latest;
    for (const tag of message.tags) this.table.record(tag, message.latest);
    if (message.before === this.#reached) {
      this.#reached = message.latest;
      this.table.advance(message.latest);
      this.#addEarly();
      this.#fresh = this.#channelOpen;
      return;
    }
    this.#early = this.#early.length < maxEarly ? [...this.#early, message] : [message];
    this.onChange();
  }

  onChannel(open: boolean): void {
    this.#channelOpen = open;
    this.#early = [];
    this.onChange();
  }

  #request(wanted: Pick<Pull, 'make' | 'exact' | 'claim'>): Promise<PullResult> {
    if (this.#l2 === undefined) return Promise.resolve({ made: false, latest: this.table.latest });
    if (this.#next === undefined) {
      this.#next = { ...wanted, ...promised() };
      // Once everybody has come who begins in this turn of the event loop.
      if (!this.#isPulling) process.nextTick(this.#sendPull);
    } else {
      this.#next.make ||= wanted.make;
      this.#next.exact ||= wanted.exact;
      this.#next.claim = Math.max(this.#next.claim, wanted.claim);
    }
    return this.#next.answer;
  }

  readonly #sendPull = (): void => {
    const [l2, pull] = [this.#l2, this.#next];
    if (l2 === undefined || pull === undefined || this.#isPulling) return;
    this.#next = undefined;
    this.#isPulling = true;
    this.#ask(l2, pull).then(
      (learned) => {
        this.#isPulling = false;
        pull.resolve(learned);
        this.#afterPull();
      },
      (error: unknown) => {
        this.#isPulling = false;
        pull.reject(error);
        // A Redis that does not answer is not waited for once more by those who wait already.
        if (isOutage(failureKind(error))) this.#rejectNext(error);
        this.#afterPull();
      },
    );
  };

  #afterPull(): void {
    const { exact, make } = this.#next ?? {};
    // The channel has told of no change since that answer: it holds for those who came meanwhile, too.
    if (this.#fresh && exact === false && make === false) {
      this.#next?.resolve({ made: false, latest: this.table.latest });
      this.#next = undefined;
    }
    if (this.#next !== undefined) process.nextTick(this.#sendPull);
  }

  #rejectNext(error: unknown): void {
    this.#next?.reject(error);
    this.#next = undefined;
  }

  /** Asks page by page; whatever comes with it is known at once. */
  async #ask(l2: RemoteTier, { make, claim }: Pull): Promise<PullResult> {
    let made = false;
    for (;;) {
      const changes = this.#changes;
      const since = this.#reached;
      const ahead = this.#ahead();
      const question = { since, claim: Math.max(claim, this.#heard), ahead };
      const news = await l2.tagTable.news(question, { make });
      made ||= news.made;
      this.#apply(news, Math.max(since, ahead));
      if (news.latest !== 0 && this.#reached < news.latest) continue;
      if (this.#channelOpen && changes === this.#changes && news.latest > 0) this.#fresh = true;
      // Of this very answer: later ones may have come in before whoever waits for this one goes on.
      return { made, latest: news.latest };
    }
  }

  #apply(news: TagNews, asked: number): void {
    this.#hasPulled = true;
    if (news.latest < asked) {
      // What this process took for the table's epoch, Redis does not believe: all is learned anew.
      this.table.cap(news.latest);
      this.#reached = 0;
      this.#heard = 0;
    }
    this.table.raiseFloor(news.floor);
    for (const [tag, epoch] of news.invalidated) this.table.record(tag, epoch);
    this.table.advance(news.upTo);
    this.#reached = Math.max(this.#reached, news.upTo);
    this.#addEarly();
  }

  readonly #sendInvalidation = (): void => {
    const [l2, invalidation] = [this.#l2, this.#invalidation];
    if (l2 === undefined || invalidation === undefined) return;
    this.#invalidation = undefined;
    const tags = [...invalidation.tags];
    const question = { since: this.#reached, claim: this.#heard, ahead: this.#ahead() };
    l2.tagTable.invalidate(question, tags).then((news) => {
      this.table.raiseFloor(news.floor);
      for (const tag of tags) this.table.record(tag, news.latest);
      // Of a table that was made with this call nothing from before is known, and its floor says so.
      if (news.before === 0 || news.before === this.#reached)
        this.#reached = Math.max(this.#reached, news.latest);
      this.#addEarly();
      invalidation.resolve({ made: news.made, latest: news.latest, before: news.before });
    }, invalidation.reject);
  };

  /** Messages that came before what they build upon. */
  #addEarly(): void {
    if (this.#early.length === 0) return;
    for (const { before, latest } of this.#early) if (before === this.#reached) this.#reached = latest;
    this.table.advance(this.#reached);
    this.#early = this.#early.filter(({ latest }) => latest > this.#reached);
  }

  /** The latest epoch that Redis has not heard of: that of invalidations made while it did not answer. */
  #ahead(): number {
    return this.table.latest > Math.max(this.#reached, this.#heard) ? this.table.latest : 0;
  }

  #isBelievable({ latest }: TagMessage): boolean {
    const { table } = this;
    return latest <= Math.max(table.latest, ((this.#l2?.clock.now() ?? 0) + mostAheadMs) * 1000);
  }
}

function promised<T>(): {
  answer: Promise<T>;
  resolve: (value: T) => void;
  reject: (error: unknown) => void;
} {
  let [resolve, reject]: [(value: T) => void, (error: unknown) => void] = [ignore, ignore];
  const answer = new Promise<T>((...both) => {
    [resolve, reject] = both;
  });
  return { answer, resolve, reject };
}

function ignore(): void {
  // Replaced before anybody can call it.
}
