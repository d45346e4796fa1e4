import type { L1Entry } from '../../tiers/memory/l1-entry.js';

/**
 * The version of values that a call takes. A release raises the version when the shape of a value changes: values of
 * other releases are misses then. Versions are whole numbers, so that the newer of two is known: a load of an older
 * release does not replace the value of a newer one in Redis, and two releases that run together do not fight.
 */
export interface VersionRule {
  /** 0 = neither the call nor the cache names a version: any is taken. */
  readonly version: number;
  /** The version, if it is not the cache's own. */
  readonly otherVersion: number | undefined;
}

export function isOfVersion({ detail }: L1Entry, { version, otherVersion }: VersionRule): boolean {
  return version === 0 || detail?.otherVersion === otherVersion;
}

/** Entries in the L1 carry their version only if it is not the cache's own. */
export function otherVersion(version: number, ofCache: number): number | undefined {
  return version === ofCache ? undefined : version;
}
