import { Logger } from '@nestjs/common';

import type { Cache } from '../../cache/contract/cache.js';
import { ValidationError } from '../../base/errors.js';
import { escapeGlob } from '../../keys/glob.js';
import { currentCacheContext } from '../vary/current-context.js';
import type { CacheFact, CacheFactValue } from '../registry/cache-facts.js';
import { namespaceOf } from './cache-lookup.js';
import type { MethodCall } from './decorated-method.js';

/** The entries of a call whose method varies by facts about the request. */
export interface Variant {
  readonly cache: Cache;
  /** The values in the order of the fact names; `undefined` = unknown. */
  readonly values: readonly (string | undefined)[];
}

const logger = new Logger('CacheInfra');
const warned = new Set<string>();

/**
 * The values of a call's `vary` facts, in the context of the call. Undefined for a method without `vary`.
 *
 * Variants are in a namespace named after their facts: no key of a method without `vary` can reach an entry of one
 * user.
 */
export async function variantOf(
  { cache, facts: factsOf, label }: MethodCall,
  vary: readonly string[] | undefined,
): Promise<Variant | undefined> {
  if (vary === undefined || vary.length === 0) return undefined;
  const names = [...new Set(vary)].sort();
  const facts = factsOf();
  const context = currentCacheContext();
  const values = await Promise.all(
    names.map(async (name) => {
      const fact: CacheFact | undefined = Object.hasOwn(facts, name) ? facts[name] : undefined;
      if (fact === undefined) throw new ValidationError([unknownFact(name, label, Object.keys(facts))]);
      try {
        return textOf(await fact(context));
      } catch {
        // A fact that throws is unknown. The error is not logged, since it may contain user data.
        return undefined;
      }
    }),
  );
  const missing = names.filter((_, index) => values[index] === undefined);
  if (missing.length > 0) warnOnce(label, missing, context.type);
  return { cache: namespaceOf(cache, `vary.${names.join(',')}`), values };
}

/** The key within the variant; undefined if a fact is unknown, since the owner of the entry is unknown. */
export function variantKey({ values }: Variant, key: string): string | undefined {
  if (values.includes(undefined)) return undefined;
  return `${values.join('&')}#${key}`;
}

/** A glob for the entries that a write changed; an unknown fact matches every value. */
export function variantGlob({ values }: Variant, glob: string): string {
  return `${values.map((value) => (value === undefined ? '*' : escapeGlob(value))).join('&')}#${glob}`;
}

/** The problem of a method that varies by an undeclared fact. */
export function unknownFact(name: string, label: string, names: readonly string[]) {
  const known = names.length === 0 ? 'none' : names.map((it) => `'${it}'`).join(', ');
  return {
    path: label,
    message: `${label} varies by '${name}', which is not declared: add it to CacheInfraModule.forRoot({ vary: { ${name}: (context) => … } }) or a CacheVaryProvider; declared: ${known}`,
  };
}

/** The encoded value of a fact: no value can equal another one or a combination; undefined if unknown. */
function textOf(value: CacheFactValue): string | undefined {
  if (typeof value === 'number' && Number.isNaN(value)) return undefined;
  if (!['string', 'number', 'bigint', 'boolean'].includes(typeof value) || value === '') return undefined;
  return encodeURIComponent(String(value));
}

function warnOnce(label: string, missing: readonly string[], type: string): void {
  const id = `${label} ${missing.join()}`;
  if (warned.has(id)) return;
  warned.add(id);
  const where = type === 'none' ? 'outside of a request' : `in a context of type '${type}'`;
  logger.warn(`${label} runs uncached: vary needs ${missing.join(' and ')}, which has no value ${where}`);
}
