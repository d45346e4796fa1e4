import { failureKind, isOutage } from '../../tiers/redis/errors.js';
import type { RemoteTier, TagNews } from '../../tiers/remote-tier.js';
import type { TagMessage } from '../../tiers/redis/tag-channel.js';
import { TagTable } from '../entry/tag-table.js';

/** The result of a pull or an invalidation. */
export interface PullResult {
  /** This call created the table: no tag was invalidated before it. */
  readonly made: boolean;
  /** The latest epoch in the answer. */
  readonly latest: number;
  /** For an invalidation: the table's latest epoch before it. */
  readonly before?: number | undefined;
}

/** One pull from Redis, shared by all calls that came before it was sent. */
interface Pull {
  /** Create the table if it does not exist. */
  make: boolean;
  /** A caller needs the state of the table in Redis itself: messages of the invalidation channel do not do. */
  exact: boolean;
  /** The latest epoch of an entry in Redis that is beyond the table's latest epoch. */
  claim: number;
  readonly answer: Promise<PullResult>;
  readonly resolve: (result: PullResult) => void;
  readonly reject: (error: unknown) => void;
}

/** The invalidations of one turn of the event loop: they are sent as one command. */
interface Invalidation {
  readonly tags: Set<string>;
  readonly answer: Promise<PullResult>;
  readonly resolve: (result: PullResult) => void;
  readonly reject: (error: unknown) => void;
}

/** Most messages kept that arrived before their predecessor. */
const maxEarly = 100;
/**
 * Messages with an epoch further ahead of Redis's clock than this are ignored, as in the tag table's script.
 * Milliseconds.
 */
const maxAheadMs = 86_400_000;

/**
 * # How the tag table stays in step with Redis
 *
 * The tag table in Redis is shared by all instances; every process has a copy ({@link TagTable}). An invalidation
 * raises the epoch of its tags in Redis and then here.
 *
 * *Push.* While the invalidation channel is open, every change of the table arrives as a message with its epoch and the
 * epoch before it. Messages without a gap keep the copy complete: the copy is *fresh*, and reads ask nothing. A message
 * that arrives before its predecessor is kept until the gap is closed.
 *
 * *Pull.* After a gap, after a change without a message, and without a channel, the copy is not fresh. Then the next
 * read of an entry with tags pulls the changes since the epoch *reached*, the one up to which the copy is complete.
 *
 * *Sharing.* A read must not be judged by a pull that was sent before the read began. So calls share the pull that is
 * not sent yet; one pull is in flight at a time, and calls during it share the next one. If the copy is fresh by then,
 * the next pull is not sent.
 *
 * *A lost table.* If Redis loses changes of the table (flush, eviction, failover), the copy or an entry has a later
 * epoch than the table. A pull sends that epoch along. Redis then raises the table's floor to it, and entries below the
 * floor are dead.
 */
export class TagSync {
  readonly table: TagTable;
  readonly #l2: RemoteTier | undefined;
  /** The epoch up to which the copy is complete; 0 = unknown. */
  #reached = 0;
  /** The latest epoch in a message, whether the copy is complete up to it or not. */
  #announced = 0;
  /** This process has read or stored an entry with tags. */
  #hasTags = false;
  #hasPulled = false;
  /** The copy is complete, and the channel would report a change. */
  #fresh = false;
  /** Counts reported changes: a pull that was in flight during a change may lack it. */
  #changes = 0;
  #channelOpen = false;
  /** Messages that arrived before their predecessor. */
  #early: TagMessage[] = [];
  #next: Pull | undefined;
  #isPulling = false;
  #invalidation: Invalidation | undefined;

  constructor(l2: RemoteTier | undefined, maxTags: number) {
    this.table = new TagTable(maxTags);
    this.#l2 = l2;
  }

  /** Epoch up to which Redis's table is known; 0 = not read yet. Own invalidations of an outage do not count. */
  get knownEpoch(): number {
    return this.#reached;
  }

  /** Another instance may have invalidated a tag of an L1 entry: await {@link pull} before serving one with tags. */
  get stale(): boolean {
    return this.#channelOpen && this.#hasTags && !this.#fresh;
  }

  /** Call it when an entry with tags is read or stored: from then on the tag table is kept in step. */
  tagsInUse(): void {
    this.#hasTags = true;
  }

  /** Pulls alongside a read that may return an entry with tags; undefined = no pull is needed. */
  pullForRead(): Promise<unknown> | undefined {
    return this.#l2 !== undefined && this.#hasTags && !this.#fresh ? this.pull() : undefined;
  }

  /** Pulls before a load, whose loader may add tags; undefined = no pull is needed. */
  pullForLoad(hasTags: boolean): Promise<unknown> | undefined {
    if (this.#l2 === undefined) return undefined;
    if (hasTags) this.#hasTags = true;
    if (!hasTags && this.#hasPulled && !this.#hasTags) return undefined;
    if (this.#fresh) return undefined;
    return this.#request({ make: hasTags, exact: false, claim: 0 });
  }

  /** Pulls the invalidations by other instances. */
  pull(): Promise<PullResult> {
    return this.#request({ make: false, exact: false, claim: 0 });
  }

  /**
   * Pulls the state of the table in Redis itself before an entry with tags is stored. Creates the table if it does not
   * exist.
   */
  pullForWrite(): Promise<PullResult> {
    return this.#request({ make: true, exact: true, claim: 0 });
  }

  /** Invalidates tags in Redis. Calls of one turn of the event loop share a command. */
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
   * Brings the copy up to the epoch of an entry that was read. If the table in Redis ends before that epoch, it has
   * lost changes: its floor rises. `pull`: the pull that was started alongside the read.
   */
  async pullUpTo(epoch: number, pull: Promise<unknown> | undefined): Promise<void> {
    await (pull ?? this.pullForRead());
    if (epoch > this.table.latest) await this.#request({ make: false, exact: true, claim: 0 });
    if (epoch > this.table.latest) await this.#request({ make: true, exact: true, claim: epoch });
  }

  /** The table in Redis has changed, in a way that no message describes. */
  onChange(): void {
    this.#changes++;
    this.#fresh = false;
    // Every entry with tags must be checked anew.
    this.table.touch();
  }

  /** The table in Redis has changed, up to `epoch`. */
  onEpoch(epoch: number): void {
    if (!(epoch <= this.#reached)) this.onChange();
  }

  /** A message of the channel describes a change of the table. */
  onMessage(message: TagMessage): void {
    // Without a first pull there is no state to apply the message to.
    if (this.#reached === 0 || !this.#isPlausible(message)) {
      this.onChange();
      return;
    }
    this.table.raiseFloor(message.floor);
    if (message.latest <= this.#reached) return;
    this.#announced = message.latest;
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

  /** The channel was opened or lost. */
  onChannel(open: boolean): void {
    this.#channelOpen = open;
    this.#early = [];
    this.onChange();
  }

  #request(wanted: Pick<Pull, 'make' | 'exact' | 'claim'>): Promise<PullResult> {
    if (this.#l2 === undefined) return Promise.resolve({ made: false, latest: this.table.latest });
    if (this.#next === undefined) {
      this.#next = { ...wanted, ...promised() };
      // After this turn of the event loop: its other calls share the pull.
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
    this.#pullPages(l2, pull).then(
      (result) => {
        this.#isPulling = false;
        pull.resolve(result);
        this.#afterPull();
      },
      (error: unknown) => {
        this.#isPulling = false;
        pull.reject(error);
        // Callers of the next pull have waited for this time-out, too: don't make them wait for a second one.
        if (isOutage(failureKind(error))) this.#rejectNext(error);
        this.#afterPull();
      },
    );
  };

  #afterPull(): void {
    const { exact, make } = this.#next ?? {};
    // The copy is fresh since that pull: the next one is not needed.
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

  /** Pulls page by page. Each page is applied as it arrives. */
  async #pullPages(l2: RemoteTier, { make, claim }: Pull): Promise<PullResult> {
    let made = false;
    for (;;) {
      const changes = this.#changes;
      const since = this.#reached;
      const ahead = this.#ahead();
      const question = { since, claim: Math.max(claim, this.#announced), ahead };
      const page = await l2.tagTable.news(question, { make });
      made ||= page.made;
      this.#apply(page, Math.max(since, ahead));
      if (page.latest !== 0 && this.#reached < page.latest) continue;
      if (this.#channelOpen && changes === this.#changes && page.latest > 0) this.#fresh = true;
      // The epoch of this answer. The copy may be ahead of it when the caller resumes.
      return { made, latest: page.latest };
    }
  }

  #apply(page: TagNews, expected: number): void {
    this.#hasPulled = true;
    if (page.latest < expected) {
      // Redis rejected the epoch of this copy as too far ahead of its clock: pull everything anew.
      this.table.cap(page.latest);
      this.#reached = 0;
      this.#announced = 0;
    }
    this.table.raiseFloor(page.floor);
    for (const [tag, epoch] of page.invalidated) this.table.record(tag, epoch);
    this.table.advance(page.upTo);
    this.#reached = Math.max(this.#reached, page.upTo);
    this.#addEarly();
  }

  readonly #sendInvalidation = (): void => {
    const [l2, invalidation] = [this.#l2, this.#invalidation];
    if (l2 === undefined || invalidation === undefined) return;
    this.#invalidation = undefined;
    const tags = [...invalidation.tags];
    const question = { since: this.#reached, claim: this.#announced, ahead: this.#ahead() };
    l2.tagTable.invalidate(question, tags).then(({ made, latest, before, floor }) => {
      this.table.raiseFloor(floor);
      for (const tag of tags) this.table.record(tag, latest);
      // `before === 0`: this call created the table. The floor covers everything before it.
      if (before === 0 || before === this.#reached) this.#reached = Math.max(this.#reached, latest);
      this.#addEarly();
      invalidation.resolve({ made, latest, before });
    }, invalidation.reject);
  };

  /** Applies messages whose predecessor has arrived. */
  #addEarly(): void {
    if (this.#early.length === 0) return;
    for (const { before, latest } of this.#early) if (before === this.#reached) this.#reached = latest;
    this.table.advance(this.#reached);
    this.#early = this.#early.filter(({ latest }) => latest > this.#reached);
  }

  /** The epoch of invalidations that have not reached Redis, as during an outage; 0 = none. */
  #ahead(): number {
    return this.table.latest > Math.max(this.#reached, this.#announced) ? this.table.latest : 0;
  }

  #isPlausible({ latest }: TagMessage): boolean {
    const { table } = this;
    return latest <= Math.max(table.latest, ((this.#l2?.clock.now() ?? 0) + maxAheadMs) * 1000);
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
  // The executor replaces it at once.
}
