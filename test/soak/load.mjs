/**
 * What the processes of a soak do: `service.mjs` and `scripts/soak.mjs` go by it, and the page of the result shows it.
 */
export const load = {
  l1CacheSize: 500,
  /** HTTP responses that are cached by tag, in each process. */
  products: 40,
  /** Questions to the AI cache, the same in all processes. */
  questions: 60,
  ttl: '5s',
  /** Share of hits that the truth meter compares with their loader. */
  verify: 0.2,
  verifyPerMinute: 600,
};
