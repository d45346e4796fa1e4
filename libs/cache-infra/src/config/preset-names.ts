/** The presets: starting points that options and environment variables override. */
export const presetNames = [
  'development',
  'testing',
  'staging',
  'production',
  'disabled',
  'ai-development',
  'ai-production',
] as const;
export type PresetName = (typeof presetNames)[number];

const aliases: Readonly<Record<string, PresetName>> = {
  dev: 'development',
  test: 'testing',
  stage: 'staging',
  prod: 'production',
};

/** Short names of presets. */
export const presetAliases = Object.keys(aliases);

/** The preset that a name means: `'prod'` is `'production'`. Any other value comes back as it is. */
export function canonicalPresetName(name: unknown): unknown {
  return typeof name === 'string' && Object.hasOwn(aliases, name) ? aliases[name] : name;
}
