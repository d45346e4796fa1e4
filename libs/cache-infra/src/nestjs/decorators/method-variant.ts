import { Logger } from '@nestjs/common';

import type { Cache } from '../../cache/contract/cache.js';
import { ValidationError } from '../../base/errors.js';
import { escapeGlob } from '../../keys/glob.js';
import { currentCacheContext } from '../vary/current-context.js';
import type { CacheFact, CacheFactValue } from '../registry/cache-facts.js';
import { namespaceOf } from './cache-lookup.js';
import type { MethodCall } from './decorated-method.js';

/** Where the entries of a call stand when its method varies by facts about the request. */
export interface Variant {
  readonly cache: Cache;
  /** Values in the order of the names; `undefined` = not known. */
  readonly values: readonly (string | undefined)[];
}

const logger = new Logger('CacheInfra');
const warned = new Set<string>();

/**
 * The facts that the call varies by, as they are in the context of the call. Undefined for a method that does not vary.
 *
 * Variants have a namespace of their own, by the names of their facts: no key, whoever chose it, reaches from a method that
 * does not vary to an answer that is somebody's alone.
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
        // What cannot be told is not known; the error may hold what is the user's alone.
        return undefined;
      }
    }),
  );
  const missing = names.filter((_, index) => values[index] === undefined);
  if (missing.length > 0) warnOnce(label, missing, context.type);
  return { cache: namespaceOf(cache, `vary.${names.join(',')}`), values };
}

/** Undefined when a fact is not known: there is no telling whose entry that would be. */
export function variantKey({ values }: Variant, key: string): string | undefined {
  if (values.includes(undefined)) return undefined;
  return `${values.join('&')}#${key}`;
}

/** A glob for what a write changed: where a fact is not known, the entries of everybody. */
export function variantGlob({ values }: Variant, glob: string): string {
  return `${values.map((value) => (value === undefined ? '*' : escapeGlob(value))).join('&')}#${glob}`;
}

/** What is wrong when a method varies by what nobody says. */
export function unknownFact(name: string, label: string, names: readonly string[]) {
  const known = names.length === 0 ? 'none' : names.map((it) => `'${it}'`).join(', ');
  return {
    path: label,
    message: `${label} varies by '${name}', which is not declared: add it to CacheInfraModule.forRoot({ vary: { ${name}: (context) => … } }) or a CacheVaryProvider; declared: ${known}`,
  };
}

/** Encoded, so that no value can pass for another or for two. */
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
