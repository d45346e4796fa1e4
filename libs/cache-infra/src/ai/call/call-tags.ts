import { answerTags } from '../request/selector-tags.js';
import type { Call } from './call.js';

/** The tags of the answer to a call, by its request as it was when the call was made. */
export function tagsOf(prefix: string, { operation, dimensions, tags }: Call): string[] {
  return answerTags(prefix, operation, dimensions, tags);
}
