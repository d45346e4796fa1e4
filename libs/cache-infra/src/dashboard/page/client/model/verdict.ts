import type { CacheSummary } from '../../../../fleet/summary.js';
import type { DashboardState, InstanceLine } from '../../../state.js';
import { sum } from './combine.js';
import { awaySince } from './events.js';
import { count, counted, duration, percent } from './format.js';
import type { Mood } from './mood.js';
import { brief } from './printable.js';

export interface Verdict {
  readonly mood: Mood;
  /** One sentence, without a full stop. */
  readonly title: string;
  /** The same without times and counts: it changes only when something happened, and is read aloud then. */
  readonly spoken: string;
}

/** Seconds after which an instance that has not published itself counts as silent. */
const silentAfter = 15;

/** The most serious thing that there is to say about the shown instances. */
export function verdictOf(state: DashboardState): Verdict {
  const { caches } = state.summary;
  if (state.instances.length === 0) return idle('No instance has reported yet');
  if (caches.length === 0) return idle('There is no cache yet');
  const found =
    down(caches) ??
    redisAway(state, caches) ??
    breaker(caches) ??
    connecting(caches) ??
    coherence(caches) ??
    journal(caches) ??
    refused(state, caches) ??
    silent(state) ??
    failingLoads(state) ??
    untrue(caches);
  return found ?? healthy(state);
}

function healthy({ instances, shown }: DashboardState): Verdict {
  const one = instances.find(({ id }) => id === shown) ?? (instances.length === 1 ? instances[0] : undefined);
  if (one !== undefined)
    return say('good', shown === null ? 'Everything is healthy' : `${brief(one.name)} is healthy`);
  return say('good', `All ${count(instances.length)} instances are healthy`);
}

function down(caches: readonly CacheSummary[]): Verdict | undefined {
  const those = caches.filter(({ health, kind }) => health.status === 'down' && kind !== 'disabled');
  if (those.length === 0) return undefined;
  return say('bad', `${names(those, caches)} ${those.length === 1 ? 'is' : 'are'} down: every read misses`);
}

function redisAway(state: DashboardState, caches: readonly CacheSummary[]): Verdict | undefined {
  const those = caches.filter(({ health }) => health.tiers.l2?.status === 'away');
  if (those.length === 0) return undefined;
  const since = Math.min(...those.map(({ events }) => awaySince(events) ?? Infinity));
  const waiting = sum(those.map(({ health }) => health.tiers.l2?.journalSize ?? 0));
  const withRedis = caches.filter(({ health }) => health.tiers.l2 !== undefined);
  const subject = `Redis is away${those.length < withRedis.length ? ` for ${names(those, caches)}` : ''}`;
  const time = Number.isFinite(since) ? ` since ${duration((state.at - since) / 1000)}` : '';
  const hasL1 = those.every(({ health }) => health.tiers.l1 !== undefined);
  const effect = hasL1 ? 'the L1 answers' : 'calls go on without it';
  const changes = waiting === 0 ? '' : `, ${counted(waiting, 'change waits', 'changes wait')}`;
  return { mood: 'bad', title: `${subject}${time}: ${effect}${changes}`, spoken: `${subject}: ${effect}` };
}

function breaker(caches: readonly CacheSummary[]): Verdict | undefined {
  const those = caches.filter(({ health }) => (health.tiers.l2?.breaker ?? 'closed') !== 'closed');
  if (those.length === 0) return undefined;
  return say(
    'warn',
    `The breaker of ${names(those, caches, 'the cache')} is open: calls skip Redis until a probe succeeds`,
  );
}

function connecting(caches: readonly CacheSummary[]): Verdict | undefined {
  const those = caches.filter(({ health }) => health.tiers.l2?.status === 'connecting');
  return those.length === 0 ? undefined : say('warn', 'Redis is not connected yet');
}

function coherence(caches: readonly CacheSummary[]): Verdict | undefined {
  const those = caches.filter(({ health }) => health.tiers.l2?.coherence === 'lost');
  if (those.length === 0) return undefined;
  const effect =
    those.length === 1
      ? 'does not hear of remote changes: its L1 was'
      : 'do not hear of remote changes: their L1s were';
  return say('warn', `${names(those, caches)} ${effect} cleared`);
}

function journal(caches: readonly CacheSummary[]): Verdict | undefined {
  const those = caches.filter(({ health }) => (health.tiers.l2?.journalSize ?? 0) > 0);
  if (those.length === 0) return undefined;
  const size = sum(those.map(({ health }) => health.tiers.l2?.journalSize ?? 0));
  const spoken = 'Redis is there, and changes wait in the journal';
  return {
    mood: 'warn',
    title: `Redis is there: ${counted(size, 'change waits', 'changes wait')} in the journal`,
    spoken,
  };
}

function refused({ instances, shown }: DashboardState, caches: readonly CacheSummary[]): Verdict | undefined {
  const those = caches.filter(({ health }) => health.status === 'degraded');
  if (those.length > 0) {
    const reason = those.map(({ health }) => health.tiers.l2?.lastError).find((error) => error !== undefined);
    const are = those.length === 1 ? 'is' : 'are';
    const why = reason === undefined ? '' : `: ${reason}`;
    return say('warn', `${names(those, caches)} ${are} degraded${why}`);
  }
  const ill = instances.filter(({ id, status }) => status !== 'up' && (shown === null || shown === id));
  return ill.length === 0 ? undefined : say('warn', instancesIn(ill, instances, 'in trouble'));
}

function silent({ at, instances, shown }: DashboardState): Verdict | undefined {
  const quiet = instances.filter(
    (each) => (shown === null || shown === each.id) && at - each.at > silentAfter * 1000,
  );
  return quiet.length === 0 ? undefined : say('warn', instancesIn(quiet, instances, 'silent'));
}

/** Loads within the last minute from which on their failures are judged. */
const enoughLoads = 5;

function failingLoads({ summary }: DashboardState): Verdict | undefined {
  const counts = summary.windows['1m'].caches.map((each) => each.counts);
  const loads = sum(counts.map((each) => each.loads));
  const failed = sum(counts.map((each) => each.loadErrors));
  if (loads < enoughLoads || failed < loads / 5) return undefined;
  const title = `The origin fails: ${count(failed)} of ${count(loads)} loads in the last minute`;
  return { mood: 'warn', title, spoken: 'The origin fails' };
}

function untrue(caches: readonly CacheSummary[]): Verdict | undefined {
  // An old value within its ttl is what a ttl allows; a missed invalidation is a fault.
  const those = caches.filter(({ health: { truth } }) => truth !== undefined && missed(truth.causes) > 0);
  const [first] = those;
  if (first?.health.truth === undefined) return undefined;
  const { untrue: wrong, verified } = first.health.truth;
  const spoken = `${brief(first.name)} served old values after a missed invalidation`;
  return {
    mood: 'warn',
    title: `${spoken}: ${count(wrong)} of ${count(verified)} verified hits (${percent(wrong / verified)})`,
    spoken,
  };
}

function missed({ tag, key, writer }: { tag: number; key: number; writer: number }): number {
  return tag + key + writer;
}

function instancesIn(those: readonly InstanceLine[], all: readonly InstanceLine[], trouble: string): string {
  const [first] = those;
  if (those.length === 1 && first !== undefined && all.length > 1)
    return `1 of ${count(all.length)} instances is ${trouble}: ${brief(first.name)}`;
  if (all.length === 1) return `The instance is ${trouble}`;
  return `${count(those.length)} of ${count(all.length)} instances are ${trouble}`;
}

/** The names of caches; `only` in place of the name of an only one. */
function names(those: readonly CacheSummary[], all: readonly CacheSummary[], only = 'The cache'): string {
  if (all.length === 1) return only;
  const shown = those.slice(0, 2).map(({ name }) => brief(name));
  return those.length <= 2 ? shown.join(' and ') : `${shown.join(', ')} and ${count(those.length - 2)} more`;
}

function say(mood: Mood, title: string): Verdict {
  return { mood, title, spoken: title };
}

function idle(title: string): Verdict {
  return { mood: 'idle', title, spoken: title };
}
