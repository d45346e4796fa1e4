/** The groups of cases. A case loads only its group, so that imports are measured in a fresh process. */
const groups = [
  [/^l1-(cold|get-many|set-many)$/, async () => (await import('./memory-loads.mjs')).memoryLoadCases],
  [/^l1-/, async () => (await import('./l1.mjs')).l1Cases],
  [/^redis-(two-tier-)?cold-/, async () => (await import('./redis-cold.mjs')).redisColdCases],
  [/^redis-two-tier-zipf-/, async () => (await import('./redis-zipf.mjs')).redisZipfCases],
  [/^redis-/, async () => (await import('./redis.mjs')).redisCases],
  [/^memory$/, async () => (await import('./memory.mjs')).memoryCases],
  [/^late-load$/, async () => (await import('./late-load.mjs')).lateLoadCases],
  [/^herd$/, async () => (await import('./herd.mjs')).herdCases],
  [/^import$/, async () => (await import('./import.mjs')).importCases],
  [/^nest-/, async () => (await import('../../nest/cases.mjs')).nestCases],
];

/** The case with a name. */
export async function findCase(name) {
  const group = groups.find(([pattern]) => pattern.test(name));
  const found = group === undefined ? undefined : (await group[1]())[name];
  if (found === undefined) throw new Error(`no such case: ${name}`);
  return found;
}
