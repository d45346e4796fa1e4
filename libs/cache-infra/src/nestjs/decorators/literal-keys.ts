import type { ValidationProblem } from '../../base/errors.js';
import type { ClassMethod } from './decorated-class.js';
import type { CacheableOptions } from './decorator-options.js';
import { labelOf } from './method-key.js';

/** Placeholder notations of Spring, routes, printf and templates. */
const notation = /#\w|(?:^|[:/]):[a-z]\w*|\$\w|%[sdijo](?![\w-])|\[\w+\]|<\w+>/i;

/**
 * The problems of constant keys and tags on a method with parameters: they are equal for every call, unless the method
 * has `vary`.
 */
export function literalProblems({ decoration, options }: ClassMethod): readonly ValidationProblem[] {
  if (decoration.parameters === 0) return [];
  const { key, tags, vary = [] } = options as CacheableOptions;
  const label = `@${decoration.decorator}() on ${labelOf(decoration)}`;
  if (typeof key === 'string' && decoration.decorator === 'Cacheable' && vary.length === 0) {
    const words = `key '${key}' is the same for every call, but the method has parameters: use a function of the parameters, or key: () => '${key}' if the parameters do not matter`;
    return [{ path: 'key', message: `${label}: ${words}` }];
  }
  const texts = [
    typeof key === 'string' ? [key] : [],
    Array.isArray(tags) ? (tags as readonly string[]) : [],
  ];
  return texts.flat().flatMap((text) => {
    if (!notation.test(text)) return [];
    const words = `'${text}' is a literal, placeholders are not replaced: use a function of the parameters, or () => … if the literal is intended`;
    return [{ path: 'key', message: `${label}: ${words}` }];
  });
}
