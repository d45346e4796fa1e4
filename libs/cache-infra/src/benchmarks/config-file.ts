import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';

import type { Environment } from '../config/environment.js';
import { ValidationError } from '../base/errors.js';
import { BenchmarkConfig } from './benchmark-config.js';
import type { BenchmarkConfigOptions } from './benchmark-config-options.js';
import { messageOf } from './message-of.js';

/**
 * Loads a configuration from a JSON or YAML file. `options` and the environment override the file. YAML requires the
 * optional peer `yaml`, which is loaded on demand.
 *
 * @throws ValidationError when the file cannot be read or is invalid
 */
export async function loadBenchmarkConfig(
  file: string,
  options: BenchmarkConfigOptions = {},
  env?: Environment,
): Promise<BenchmarkConfig> {
  return new BenchmarkConfig(options, env, await readConfigFile(file));
}

/** The parsed content of a file, unchecked. */
async function readConfigFile(file: string): Promise<BenchmarkConfigOptions> {
  const parse = await parserOf(file);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new ValidationError(`${file} cannot be read: ${messageOf(error)}`);
  }
  try {
    // An empty YAML file is null.
    return parse(text) ?? {};
  } catch (error) {
    throw new ValidationError(`${file} cannot be parsed: ${messageOf(error)}`);
  }
}

async function parserOf(file: string): Promise<(text: string) => unknown> {
  switch (extname(file).toLowerCase()) {
    case '.json':
      return (text) => JSON.parse(text) as unknown;
    case '.yaml':
    case '.yml':
      return yamlParser(file);
    default:
      throw new ValidationError(`${file} must be a .json, .yaml or .yml file`);
  }
}

async function yamlParser(file: string): Promise<(text: string) => unknown> {
  try {
    const { parse } = await import('yaml');
    return (text) => parse(text) as unknown;
  } catch {
    throw new ValidationError(
      `${file} needs the package 'yaml': npm install yaml, or write the file as JSON`,
    );
  }
}
