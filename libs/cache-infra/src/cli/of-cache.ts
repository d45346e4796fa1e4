/** Options of the module, not of a cache. */
const ofModule = ['isGlobal', 'vary', 'caches', 'evictions', 'fleet'];

/** The options of a cache, without the options of the module. */
export function ofCache(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([name]) => !ofModule.includes(name)));
}
