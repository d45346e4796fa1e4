const never = -Infinity;

/** The instances that track each key, as bit sets. */
class Trackers {
  constructor(keys, instances) {
    this.words = Math.ceil(instances / 32);
    this.bits = new Uint32Array(keys * this.words);
  }

  add(key, instance) {
    this.bits[key * this.words + (instance >>> 5)] |= 1 << (instance & 31);
  }

  /** Removes and returns all instances that track a key; the writer is removed, but not returned. */
  take(key, except) {
    const taken = [];
    for (let word = 0; word < this.words; word++) {
      const at = key * this.words + word;
      for (let bits = this.bits[at]; bits !== 0; bits &= bits - 1) {
        const instance = word * 32 + 31 - Math.clz32(bits & -bits);
        if (instance !== except) taken.push(instance);
      }
      this.bits[at] = 0;
    }
    return taken;
  }

  count() {
    let count = 0;
    for (let bits of this.bits) for (; bits !== 0; bits &= bits - 1) count++;
    return count;
  }
}

/**
 * Models Redis as the library's L2 uses it, by key number: entries with their expiry, tracking, and the messages of
 * each coherence mode. As in the library, reads are tracked, misses included; a writer keeps tracking its key; a load
 * touches a fence beside the entry, which lives for 30 s; an expiry is notified like a change.
 */
export class RedisModel {
  /** Commands, including those inside scripts, like INFO commandstats. */
  commands = { get: 0, set: 0, evalsha: 0, evalshaTracking: 0, publish: 0 };
  /** Invalidations, each of one key to one instance, by mode. */
  messages = { tracking: 0, broadcast: 0, pubsub: 0, none: 0 };

  constructor({ keys, instances, ttlMs, fenceMs = 30_000, onTold }) {
    this.instances = instances;
    this.ttlMs = ttlMs;
    this.fenceMs = fenceMs;
    this.onTold = onTold;
    this.versions = new Uint32Array(keys);
    this.expiry = new Float64Array(keys).fill(never);
    this.fences = new Float64Array(keys).fill(never);
    this.entryTrackers = new Trackers(keys, instances);
    this.fenceTrackers = new Trackers(keys, instances);
    /** Keys that may expire, by second. */
    this.calendar = new Map();
  }

  /** `GET`; undefined = miss. */
  read(key, instance, now) {
    this.commands.get++;
    this.entryTrackers.add(key, instance);
    return this.expiry[key] > now ? this.versions[key] : undefined;
  }

  /** Runs a load with an instant loader. */
  load(key, instance, now) {
    this.commands.evalsha += 2;
    this.commands.get++;
    this.commands.set++;
    // The start changes the fence, the end changes the entry; both read the changed key.
    this.#changed(this.fenceTrackers, key, instance, 'script', []);
    this.fenceTrackers.add(key, instance);
    this.fences[key] = now + this.fenceMs;
    this.#note(key, this.fences[key]);
    this.entryTrackers.add(key, instance);
    this.#store(key, instance, now, 'script');
    return this.versions[key];
  }

  /** A `set`: a new version. */
  write(key, instance, now) {
    this.commands.set++;
    this.commands.evalshaTracking++;
    this.versions[key]++;
    this.#store(key, instance, now, 'command');
    return this.versions[key];
  }

  /** Removes expired entries and notifies their trackers. */
  expire(now) {
    for (const [second, keys] of this.calendar) {
      if (second >= Math.floor(now / 1000)) continue;
      this.calendar.delete(second);
      for (const key of keys) {
        if (this.expiry[key] !== never && this.expiry[key] <= now) {
          this.expiry[key] = never;
          this.#ended(this.entryTrackers, key, true);
        }
        if (this.fences[key] !== never && this.fences[key] <= now) {
          this.fences[key] = never;
          this.#ended(this.fenceTrackers, key, false);
        }
      }
    }
  }

  /** Adds an entry stored earlier. */
  preload(key, expiresAt) {
    this.expiry[key] = expiresAt;
    this.#note(key, expiresAt);
  }

  get trackedPairs() {
    return this.entryTrackers.count() + this.fenceTrackers.count();
  }

  #store(key, instance, now, how) {
    this.expiry[key] = now + this.ttlMs;
    this.#note(key, this.expiry[key]);
    this.commands.publish++;
    this.messages.pubsub += this.instances;
    const holders = this.#changed(this.entryTrackers, key, instance, how);
    this.entryTrackers.add(key, instance);
    for (const holder of holders) this.onTold(holder, key);
  }

  /** Under broadcast, the writer is notified of changes by a script, but not by a command. */
  #changed(trackers, key, instance, how) {
    const told = trackers.take(key, instance);
    this.messages.tracking += told.length;
    this.messages.broadcast += how === 'script' ? this.instances : this.instances - 1;
    return told;
  }

  #ended(trackers, key, isEntry) {
    const told = trackers.take(key, -1);
    this.messages.tracking += told.length;
    this.messages.broadcast += this.instances;
    if (isEntry) for (const holder of told) this.onTold(holder, key);
  }

  #note(key, at) {
    const second = Math.floor(at / 1000);
    const keys = this.calendar.get(second);
    if (keys === undefined) this.calendar.set(second, [key]);
    else keys.push(key);
  }
}
