import { ValidationError } from '../base/errors.js';
import { describeValue } from '../base/redact.js';

/** Tokens: any run of characters (`*`), any one character (`?`), or a code point. */
const anyRun = -1;
const anyOne = -2;

/**
 * Compiles a glob to a test for keys. `*` matches any run of characters, `?` one Unicode code point, `\` escapes the
 * next character; every other character, `[` and `]` included, matches itself. The pattern must match the whole key.
 * The time is bounded by key length × pattern length.
 *
 * @throws ValidationError unless `glob` is a non-empty string
 */
export function compileGlob(glob: string): (key: string) => boolean {
  const tokens = parse(glob);
  return (key) => matches(tokens, key);
}

/**
 * The pattern for Redis' `SCAN … MATCH`: matches all keys of `prefixLiteral` followed by a match of `glob`, and
 * possibly others.
 *
 * `?` of Redis matches one byte, so it becomes `*`: check every key from `SCAN` with {@link compileGlob}. Characters
 * special to Redis (`[`, `]`, `^`, …) are escaped.
 *
 * @throws ValidationError unless `glob` is a non-empty string
 */
export function toRedisGlob(prefixLiteral: string, glob: string): string {
  let pattern = redisLiteral(prefixLiteral);
  let inRun = false;
  for (const token of parse(glob)) {
    const isWild = token === anyRun || token === anyOne;
    if (!isWild) pattern += redisLiteral(String.fromCodePoint(token));
    else if (!inRun) pattern += '*';
    inRun = isWild;
  }
  return pattern;
}

/** The literal prefix of every key that matches `glob`. */
export function literalHead(glob: string): string {
  const tokens = parse(glob);
  const wild = tokens.findIndex((token) => token === anyRun || token === anyOne);
  return String.fromCodePoint(...(wild === -1 ? tokens : tokens.slice(0, wild)));
}

/** A glob that matches only `text`. */
export function escapeGlob(text: string): string {
  return text.replace(/[*?\\]/g, '\\$&');
}

/** A Redis glob that matches only `text`. */
export function redisLiteral(text: string): string {
  return text.replace(/[*?[\]^\\-]/g, '\\$&');
}

function parse(glob: string): readonly number[] {
  if (typeof glob !== 'string' || glob === '') {
    throw new ValidationError([
      { path: 'pattern', message: `pattern must be a non-empty string, got ${describeValue(glob)}` },
    ]);
  }
  const tokens: number[] = [];
  let escaped = false;
  for (const character of glob) {
    if (!escaped && character === '\\') {
      escaped = true;
      continue;
    }
    if (escaped || (character !== '*' && character !== '?')) tokens.push(character.codePointAt(0) as number);
    else if (character === '?') tokens.push(anyOne);
    else if (tokens.at(-1) !== anyRun) tokens.push(anyRun);
    escaped = false;
  }
  if (escaped) tokens.push(0x5c);
  return tokens;
}

/** Greedy matching that backtracks only to the last `*`: earlier ones never need another try. */
function matches(tokens: readonly number[], key: string): boolean {
  let token = 0;
  let at = 0;
  let runToken = -1;
  let runEnd = 0;
  while (at < key.length) {
    const expected = tokens[token];
    const found = key.codePointAt(at) as number;
    if (expected === anyRun) {
      runToken = token++;
      runEnd = at;
    } else if (expected === found || expected === anyOne) {
      token++;
      at += width(found);
    } else if (runToken >= 0) {
      token = runToken + 1;
      runEnd += width(key.codePointAt(runEnd) as number);
      at = runEnd;
    } else {
      return false;
    }
  }
  if (tokens[token] === anyRun) token++;
  return token === tokens.length;
}

function width(codePoint: number): number {
  return codePoint > 0xffff ? 2 : 1;
}
