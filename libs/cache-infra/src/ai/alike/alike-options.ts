import {
  functionValue,
  fraction,
  integerBetween,
  oneOf,
  optionProblems,
  problem,
  properFraction,
  timeout,
  type Check,
  type Checks,
  type NestedCheck,
  nonEmptyString,
} from '../../base/checks.js';
import { durationMs } from '../../base/duration.js';
import type { ValidationProblem } from '../../base/errors.js';
import { ValidationError } from '../../base/errors.js';
import type { AlikeEvent } from './alike-report.js';
import type { GistLanguage } from './gist-language.js';
import type { Ttl } from '../../cache/contract/options.js';

/**
 * Turns a text into a vector whose direction is its meaning. A rejection, and a vector with `NaN`, of length 0 or of
 * another dimension than the stored ones, is a miss.
 */
export interface Embedder {
  (text: string, context: { readonly signal: AbortSignal }): Promise<ArrayLike<number>>;
  /** The model, with everything else that changes its vectors. Vectors of other versions are never compared. */
  readonly version?: string | undefined;
}

/** A text, the answer that was made for it, and the stored answer that would have been served instead. */
export interface JudgedPair {
  readonly text: string;
  readonly answer: unknown;
  readonly candidate: unknown;
  readonly signal: AbortSignal;
}

/** True if `candidate` is as right for `text` as `answer`. A rejection counts as no check. */
export interface Judge {
  (pair: JudgedPair): Promise<boolean>;
  /** What the judge knows and is asked. Checks by another version do not count. */
  readonly version?: string | undefined;
}

/**
 * Serves an answer for a text that is only alike. Without `embed` and `judge`, texts are alike if their content words
 * are the same; with both, if their vectors are close and the judge confirmed close enough ones often enough.
 */
export interface AlikeOptions<R = object> {
  /** The text of a request that may differ while the answer stays right. Everything else must be equal. */
  readonly text: (request: R) => unknown;
  /** The language of the texts, if it is one. Default: found in each text, among English and German. */
  readonly language?: GistLanguage | undefined;
  /** Makes vectors of texts. Needs `judge`. Default: none. */
  readonly embed?: Embedder | undefined;
  /** Compares stored answers with new ones. Needs `embed`. Default: none. */
  readonly judge?: Judge | undefined;
  /** Largest share of wrong answers among those served for alike texts: above 0, below 1. Default 0.01. */
  readonly budget?: number | undefined;
  /** Removes personal data from a text before it is embedded or judged. Default: the text as it is. */
  readonly redact?: ((text: string) => string) | undefined;
  /** Cosine below which texts are never alike, 0-1. Default 0.8. */
  readonly minSimilarity?: number | undefined;
  /** Share of served answers that are checked, above 0 and at most 1. A check costs a model call. Default 0.05. */
  readonly checkShare?: number | undefined;
  /** Longest time that a look-up may add to a miss, with the call to `embed`. Default `'300ms'`. */
  readonly timeout?: Ttl | undefined;
  /** Most vectors per partition, 64-100,000; the oldest leave. 10,000 of 100 dimensions take 4 MB. Default 10,000. */
  readonly maxVectors?: number | undefined;
  /**
   * Hears what happens beside the answers: a band that begins or ceases to be served, an embedder or judge that fails.
   * Each is logged, too. Its errors are ignored. Default: none.
   */
  readonly onEvent?: ((event: AlikeEvent) => void) | undefined;
  /** Replaces `embed.version`. Change it when the embedder changes. */
  readonly embedderVersion?: string | undefined;
}

/** Options of matching by vectors, with their defaults. */
export interface MeaningOptions {
  readonly embed: Embedder;
  readonly judge: Judge;
  readonly budget: number;
  readonly redact: (text: string) => string;
  readonly minSimilarity: number;
  readonly checkShare: number;
  readonly timeoutMs: number;
  readonly maxVectors: number;
  readonly embedderVersion: string;
  readonly judgeVersion: string;
}

const shareAboveZero: Check = (value) =>
  typeof value === 'number' && value > 0 && value <= 1
    ? undefined
    : 'must be a number above 0, up to 1: without checks no error is ever found';

/** The checks of each option alone. */
export const alikeChecks = {
  text: functionValue,
  language: oneOf('en', 'de'),
  embed: functionValue,
  judge: functionValue,
  budget: properFraction,
  redact: functionValue,
  minSimilarity: fraction,
  checkShare: shareAboveZero,
  timeout,
  maxVectors: integerBetween(64, 100_000),
  onEvent: functionValue,
  embedderVersion: nonEmptyString,
} satisfies Checks & Record<keyof AlikeOptions, Check>;

/** Checks an `alike` option: each part, and that the parts fit together. */
export const alikeOption: NestedCheck = {
  problems(path, value) {
    const ofParts = optionProblems(value, alikeChecks, ['text'], `${path}.`);
    return ofParts.length > 0 ? ofParts : problemsTogether(path, value as AlikeOptions);
  },
};

function problemsTogether(path: string, options: AlikeOptions): readonly ValidationProblem[] {
  const { embed, judge } = options;
  if (embed !== undefined && judge !== undefined) return [];
  if (embed !== undefined) {
    return [say(path, `${path}.embed needs ${path}.judge: close vectors alone often mean something else`)];
  }
  if (judge !== undefined) return [say(path, `${path}.judge needs ${path}.embed: there is nothing to judge`)];
  return Object.entries(options)
    .filter(([name, value]) => !['text', 'language'].includes(name) && value !== undefined)
    .map(([name]) => say(`${path}.${name}`, `${path}.${name} needs ${path}.embed and ${path}.judge`));
}

function say(path: string, message: string): ValidationProblem {
  return { path, message };
}

/**
 * The options with their defaults; undefined without `embed` and `judge`.
 *
 * @param path of the option, for messages: `operations.search.alike`
 * @throws ValidationError that lists every problem
 */
export function resolveAlike<R>(options: AlikeOptions<R>, path = 'alike'): MeaningOptions | undefined {
  const given: unknown = options;
  const problems =
    typeof given === 'object' && given !== null
      ? alikeOption.problems(path, given)
      : [problem(path, 'must be an object with text()', given)];
  if (problems.length > 0) throw new ValidationError(problems, 'AiCacheService');
  const { embed, judge, redact = (it) => it } = options;
  if (embed === undefined || judge === undefined) return undefined;
  return {
    embed,
    judge,
    redact,
    budget: options.budget ?? 0.01,
    minSimilarity: options.minSimilarity ?? 0.8,
    checkShare: options.checkShare ?? 0.05,
    timeoutMs: durationMs(options.timeout ?? '300ms', `${path}.timeout`),
    maxVectors: options.maxVectors ?? 10_000,
    embedderVersion: options.embedderVersion ?? embed.version ?? '',
    judgeVersion: judge.version ?? '',
  };
}
