import { ValidationError } from '../../base/errors.js';
import { escapeGlob } from '../../keys/glob.js';

/** The groups beyond the limit: see `GroupWindow`. */
const otherGroup = '(other)';

/**
 * The pattern for the keys of a group: `*` stands for the parts that vary, everything else for itself.
 *
 * ```ts
 * groupPattern('ProductsService.find(*)'); // 'ProductsService.find(*)'
 * groupPattern('what?:*');                 // 'what\\?:*'
 * ```
 *
 * @throws ValidationError for `(other)`, which is no template, and for a group of `*` alone: it would match every key
 */
export function groupPattern(group: string): string {
  if (group === otherGroup) {
    throw new ValidationError(
      `'${otherGroup}' holds the groups beyond the limit, which have no common pattern`,
    );
  }
  if (/^\**$/.test(group))
    throw new ValidationError('the group matches every key: invalidate it as a pattern');
  return group.split('*').map(escapeGlob).join('*');
}
