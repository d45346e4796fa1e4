import type { EntryMeta } from '../../codec/codec.js';
import type { StorePlan } from '../entry/store-plan.js';

/** How long Redis keeps an entry, ttl and grace, milliseconds; 0 = without end. */
export function redisTtl(plan: StorePlan): number {
  return plan.ttlMs === 0 ? 0 : plan.ttlMs + plan.graceMs;
}

/** What an entry in Redis says about itself. `stamp`: by Redis's clock, milliseconds. */
export function entryMeta(stamp: number, plan: StorePlan, tagEpoch: number): EntryMeta {
  return {
    stamp,
    nonce: Math.floor(Math.random() * 2 ** 32),
    ttlMs: plan.ttlMs,
    graceMs: plan.ttlMs === 0 ? 0 : plan.graceMs,
    tagEpoch: plan.tags.length === 0 ? 0 : tagEpoch,
    tags: plan.tags.length === 0 ? undefined : plan.tags,
    version: plan.version === 0 ? undefined : plan.version,
  };
}
