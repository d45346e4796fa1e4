import type { Attributes } from '@opentelemetry/api';
import type { CacheOperation } from '../cache/contract/monitor.js';
import type { TracedCall, TracedLoad } from '../cache/contract/tracing.js';
import { shownKeys, type ShownKeys } from './shown-keys.js';

/** The span operations of Sentry's Caches page (https://develop.sentry.dev/sdk/telemetry/traces/modules/caches/). */
const sentryOps: Readonly<Record<CacheOperation, string>> = {
  get: 'cache.get',
  getMany: 'cache.get',
  getOrSet: 'cache.get',
  getOrSetMany: 'cache.get',
  set: 'cache.put',
  setMany: 'cache.put',
  delete: 'cache.remove',
  deleteMany: 'cache.remove',
  expire: 'cache.remove',
  expireTags: 'cache.remove',
  invalidateTags: 'cache.remove',
  invalidatePattern: 'cache.remove',
  clear: 'cache.flush',
  has: 'cache.has',
  ttl: 'cache.ttl',
  keys: 'cache.keys',
};

const origin = 'auto.cache.nestjs_cache_infra';

/** The kind of a call, which its span is named by. */
export function opOf({ operation }: TracedCall): string {
  return sentryOps[operation];
}

/** What is known when a call begins: samplers see it. */
export function callStartAttributes(call: TracedCall): Attributes {
  return {
    'sentry.op': opOf(call),
    'sentry.origin': origin,
    'cache.name': call.cache,
    'cache.operation': call.operation,
  };
}

/** The facts of a call that has ended. */
export function callAttributes(call: TracedCall, success: boolean, keys: ShownKeys): Attributes {
  const op = opOf(call);
  return {
    ...placeOf(call, keys),
    'cache.success': success,
    'cache.hit': op === 'cache.get' ? call.hit : undefined,
    'cache.tier': call.tier,
    'cache.write': op === 'cache.put' || op === 'cache.remove' || op === 'cache.flush' ? true : undefined,
    'cache.ttl': call.ttl,
    'cache.item_size': call.size,
    'cache.stale': call.stale || undefined,
    'cache.coalesced': call.coalesced || undefined,
    'cache.sample_every': call.sampleEvery > 1 ? call.sampleEvery : undefined,
  };
}

/** What is known when a load begins. */
export function loadStartAttributes(load: TracedLoad): Attributes {
  return {
    'sentry.op': 'cache.load',
    'sentry.origin': origin,
    'cache.name': load.cache,
    'cache.load.lock': load.lock,
    'cache.load.background': load.background || undefined,
    'cache.load.forced': load.forced || undefined,
  };
}

/** The facts of a load that has ended. */
export function loadAttributes(load: TracedLoad, keys: ShownKeys): Attributes {
  return {
    ...placeOf(load, keys),
    'cache.load.tiers': [...load.tiers],
    'cache.load.leased': load.lock ? load.leased : undefined,
    'cache.load.lease_wait_ms': load.lock ? Math.round(load.leaseWaitMs) : undefined,
    'cache.load.joined': load.joined,
    'cache.load.source': load.from,
    'cache.load.stored': load.stored,
    'cache.load.not_stored_reason': load.notStored,
    'cache.stale': load.from === 'stale' || undefined,
    'cache.ttl': load.ttl,
    'cache.item_size': load.size,
  };
}

function placeOf(traced: TracedCall | TracedLoad, keys: ShownKeys): Attributes {
  return {
    'cache.namespace': traced.namespace === '' ? undefined : traced.namespace,
    'cache.key': shownKeys(traced.keys, keys),
    'cache.key_count': traced.keyCount > 1 ? traced.keyCount : undefined,
    'network.peer.address': traced.peer?.address,
    'network.peer.port': traced.peer?.port,
  };
}
