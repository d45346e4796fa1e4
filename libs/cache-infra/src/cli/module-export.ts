import { pathToFileURL } from 'node:url';
import { resolve } from 'node:path';

/**
 * Imports a user's module, ESM or CommonJS. Resolves to its default export, else to the first of `names` that it
 * exports; undefined if it exports none of them.
 *
 * @throws the error of the module
 */
export async function moduleExport(file: string, names: readonly string[]): Promise<unknown> {
  const namespace = (await import(pathToFileURL(resolve(file)).href)) as Record<string, unknown>;
  const exports = exportsOf(namespace);
  const given = ['default', ...names].map((name) => exports[name]);
  return given.find((exported) => exported !== undefined && exported !== null);
}

/** The result of an exported function; any other export as it is. */
export async function resultOf(exported: unknown): Promise<unknown> {
  return typeof exported === 'function' ? await (exported as () => unknown)() : exported;
}

/**
 * The exports as the author wrote them. `import()` of CommonJS gives `module.exports` as `default`: for a module that
 * tsc compiled (`__esModule`), the default export stands within.
 */
function exportsOf(namespace: Record<string, unknown>): Record<string, unknown> {
  const whole = namespace['default'];
  const isCompiled = typeof whole === 'object' && whole !== null && '__esModule' in whole;
  return isCompiled ? whole : namespace;
}
