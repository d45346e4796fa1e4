// The group `advanced`: its defaults, its part that applies in memory, and its options by their paths.
import { defaultAdvancedOptions } from './default-options.js';
import type { DefaultsOf } from './option-kinds.js';
import {
  baseAdvancedOptions,
  type advancedOptions,
  type AdvancedOptions,
  type BaseAdvancedOptions,
} from './option-table.js';

/** Advanced options in effect. Some have no default in the table. */
export type AdvancedInEffect = DefaultsOf<typeof advancedOptions> &
  Pick<AdvancedOptions, 'clock' | 'compressionLevel'>;

/** The options given under `advanced`, over their defaults. `undefined` counts as not given; so does a wrong `null`. */
export function advancedInEffect(given: AdvancedOptions | null | undefined): AdvancedInEffect {
  const set = Object.entries(given ?? {}).filter(([, value]) => value !== undefined);
  return { ...defaultAdvancedOptions, ...Object.fromEntries(set) };
}

/** The advanced options that apply in memory. */
export function baseAdvanced(given: AdvancedOptions = {}): BaseAdvancedOptions {
  return Object.fromEntries(
    Object.entries(given).filter(([name]) => Object.hasOwn(baseAdvancedOptions, name)),
  );
}

/** The options that are set, by their paths: those under `advanced` as `advanced.<name>`. */
export function flatOptions(options: {
  readonly advanced?: AdvancedOptions | undefined;
}): Readonly<Record<string, unknown>> {
  const { advanced = {}, ...others } = options;
  const within = Object.entries(advanced).map(([name, value]) => [`advanced.${name}`, value] as const);
  const set = [...Object.entries(others), ...within].filter(([, value]) => value !== undefined);
  return Object.fromEntries(set);
}
