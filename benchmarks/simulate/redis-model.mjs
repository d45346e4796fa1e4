const never = -Infinity;

/** Which instances a key's change is told to: a bit for each. */
class Trackers {
  constructor(keys, instances) {
    this.words = Math.ceil(instances / 32);
    this.bits = new Uint32Array(keys * this.words);
  }

  add(key, instance) {
    this.bits[key * this.words + (instance >>> 5)] |= 1 << (instance & 31);
  }

  /** Takes all of them off, and returns them, the one who made the change left out (and off). */
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
 * What the library's L2 sees of Redis, by key number: what is stored and until when, who is told of a change, and what each
 * coherence mode sends. Rules as in the library: a read is tracked, whether it found something or not; a write goes on being
 * tracked by its writer; a load touches a fence beside the entry, which stays for 30 s; what expires is told of as a change.
 */
export class RedisModel {
  /** Commands, those inside scripts included, as INFO commandstats counts them. */
  commands = { get: 0, set: 0, evalsha: 0, evalshaTracking: 0, publish: 0 };
  /** Keys told, each to one instance, by mode. */
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
    /** By second: what may end then. */
    this.calendar = new Map();
  }

  /** `GET`; undefined = not there. */
  read(key, instance, now) {
    this.commands.get++;
    this.entryTrackers.add(key, instance);
    return this.expiry[key] > now ? this.versions[key] : undefined;
  }

  /** Begins and ends a load whose loader takes no time. */
  load(key, instance, now) {
    this.commands.evalsha += 2;
    this.commands.get++;
    this.commands.set++;
    // The beginning changes the fence, the end changes the entry; both read what they changed.
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

  /** Takes out what has ended until now; who holds it is told. */
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

  /** As if it had been stored a while ago. */
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

  /** Under broadcast a change by a command is not told to who made it, one by a script is. */
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
