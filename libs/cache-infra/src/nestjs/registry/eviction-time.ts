/** When an eviction takes effect: at once, or with the scope of `deferInvalidations`. */
export type EvictionTime = 'now' | 'commit';
