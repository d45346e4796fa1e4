import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { gunzipSync } from 'node:zlib';

const binary = {
  int32be: { bytes: 4, read: (data, at) => data.readInt32BE(at) },
  int32le: { bytes: 4, read: (data, at) => data.readInt32LE(at) },
  int64be: { bytes: 8, read: (data, at) => data.readBigInt64BE(at) },
};

/** The formats of traces that {@link parseTrace} reads. */
export const formats = ['text', 'arc', ...Object.keys(binary)];

/**
 * Reads a trace of requests.
 *
 * @param {string} argument `<path>` or `<path>:<format>`; a path that ends in `.gz` is unpacked
 * @param {number} most requests that are read
 * @returns {Promise<{ name: string, keys: string[], isTrace: true }>}
 * @throws Error if the file cannot be read, has an unknown format or no requests
 */
export async function readTrace(argument, most) {
  const format = formats.find((name) => argument.endsWith(`:${name}`));
  const path = format === undefined ? argument : argument.slice(0, -format.length - 1);
  const data = await readFile(path).catch((cause) => {
    const hint = `expected <path> or <path>:<format>, with one of the formats ${formats.join(', ')}`;
    throw new Error(`--trace ${argument}: ${cause.message}; ${hint}`, { cause });
  });
  const keys = parseTrace(path.endsWith('.gz') ? gunzipSync(data) : data, format ?? 'text', most);
  if (keys.length === 0) throw new Error(`--trace ${argument}: no requests in ${path}`);
  return { name: basename(path), keys, isTrace: true };
}

/**
 * The keys of a trace.
 *
 * - `text`: one key a line; lines of white space and of `*` are skipped.
 * - `arc`: the format of the traces of ARC (Megiddo, Modha, FAST 2003): each line has a first block, a number of
 *   blocks, and fields that are ignored.
 * - `int32be`, `int32le`, `int64be`: numbers without separators.
 *
 * @param {Buffer} data
 * @param {string} format
 * @param {number} most keys that are returned
 * @returns {string[]} equal keys are one string
 */
export function parseTrace(data, format, most) {
  const keys = [];
  const known = new Map();
  const add = (key) => {
    let text = known.get(key);
    if (text === undefined) known.set(key, (text = `trace:${key}`));
    keys.push(text);
  };
  const numbers = binary[format];
  if (numbers !== undefined) {
    const count = Math.min(most, Math.floor(data.length / numbers.bytes));
    for (let i = 0; i < count; i++) add(numbers.read(data, i * numbers.bytes));
    return keys;
  }
  for (const line of data.toString('latin1').split('\n')) {
    const text = line.trim();
    if (text === '' || text === '*') continue;
    const [first, count] = format === 'arc' ? text.split(' ').map(Number) : [text, 1];
    for (let i = 0; i < count && keys.length < most; i++) add(format === 'arc' ? first + i : first);
    if (keys.length >= most) break;
  }
  return keys;
}
