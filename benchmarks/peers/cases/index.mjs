/** The groups of cases. A case loads only its group, so that imports are measured in a fresh process. */
const groups = {
  l1: async () => (await import('./l1.mjs')).l1Cases,
  redis: async () => (await import('./redis.mjs')).redisCases,
  memory: async () => (await import('./memory.mjs')).memoryCases,
  herd: async () => (await import('./herd.mjs')).herdCases,
  import: async () => (await import('./import.mjs')).importCases,
  nest: async () => (await import('../../nest/cases.mjs')).nestCases,
};

/** The case with a name; `l1-get-string` belongs to the group `l1`. */
export async function findCase(name) {
  const group = groups[name.split('-')[0]];
  if (group === undefined) throw new Error(`no such group of cases: ${name}`);
  const found = (await group())[name];
  if (found === undefined) throw new Error(`no such case: ${name}`);
  return found;
}
