import { ValidationError } from '../base/errors.js';
import { describeValue } from '../base/redact.js';

/** `*`: any run of characters. `?`: one character. Else: this code point. */
const anyRun = -1;
const anyOne = -2;

/**
 * A test for keys. `*` stands for any run of characters, `?` for one (a Unicode code point), `\` takes the next
 * character as it is; everything else, `[` and `]` too, means itself. The pattern has to cover the whole key.
 * Time is bounded by key length × pattern length, whatever the pattern.
 *
 * @throws ValidationError unless `glob` is a non-empty string
 */
export function compileGlob(glob: string): (key: string) => boolean {
  const tokens = parse(glob);
  return (key) => matches(tokens, key);
}

/**
 * The pattern for Redis' `SCAN … MATCH`: all keys that begin with `prefixLiteral` and go on as `glob` says, and maybe more.
 *
 * Redis' `?` is one byte, not one character, so `?` becomes `*` here: check every key that `SCAN` finds with {@link compileGlob}.
 * Everything that Redis gives a meaning (`[`, `]`, `^`, …) is escaped.
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

/**
 * A test for keys of which only the beginning is known, some of its characters (`isUnknown`) not even so: whether such a key could match
 * `glob`. `isCut`: it may go on.
 */
export function compileHead(
  glob: string,
  isUnknown: (character: string) => boolean,
): (head: string, isCut: boolean) => boolean {
  const tokens = parse(glob);
  return (head, isCut) => {
    // Every place in the pattern where the beginning may have led to.
    let places = withRunsPassed(tokens, new Set([0]));
    for (const character of head) {
      const code = character.codePointAt(0) as number;
      const next = new Set<number>();
      for (const place of places) {
        const token = tokens[place];
        if (token === undefined) continue;
        if (token === anyRun) next.add(place);
        else if (token === anyOne || token === code || isUnknown(character)) next.add(place + 1);
      }
      places = withRunsPassed(tokens, next);
      if (places.size === 0) return false;
    }
    return isCut || places.has(tokens.length);
  };
}

/** A run may be empty. */
function withRunsPassed(tokens: readonly number[], places: Set<number>): Set<number> {
  for (const place of places) if (tokens[place] === anyRun) places.add(place + 1);
  return places;
}

/** What every key that matches `glob` begins with. */
export function literalHead(glob: string): string {
  const tokens = parse(glob);
  const wild = tokens.findIndex((token) => token === anyRun || token === anyOne);
  return String.fromCodePoint(...(wild === -1 ? tokens : tokens.slice(0, wild)));
}

/** `text` as a glob that matches it alone. */
export function escapeGlob(text: string): string {
  return text.replace(/[*?\\]/g, '\\$&');
}

/** `text` as one of Redis's globs that matches it alone. */
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

/** Greedy with one point to come back to, the last `*`: an earlier one never has to be tried again. */
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
