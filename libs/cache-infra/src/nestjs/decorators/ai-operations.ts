import type { AiCacheService } from '../../ai/index.js';
import type { ValidationProblem } from '../../base/errors.js';
import { classNameOf } from '../../keys/class-name.js';
import type { AiDecoration } from './ai-decoration.js';
import { asksTheInstance } from './shared-keys.js';
import { labelOf } from './method-key.js';

/** A method of a class. Of a subclass, the class is not the declaring one. */
export interface OperationOwner {
  readonly decoration: AiDecoration;
  readonly prototype: object;
}

/** The owners of the operations of each service. */
const owners = new WeakMap<AiCacheService, Map<string, OperationOwner>>();

/**
 * Makes a method the owner of its operation: the code of a method is not in the key, so two methods would read each
 * other's answers. Returns the problem if another method has the operation.
 */
export function claimOperation(ai: AiCacheService, claimant: OperationOwner): ValidationProblem | undefined {
  const { decoration, prototype } = claimant;
  const { operation } = decoration.options;
  const known = owners.get(ai) ?? new Map<string, OperationOwner>();
  owners.set(ai, known);
  const owner = known.get(operation) ?? claimant;
  known.set(operation, owner);
  if (owner.decoration === decoration) {
    if (owner.prototype === prototype || !dependsOnInstance(decoration)) return undefined;
    const [one, other] = [owner.prototype, prototype].map(nameOf) as [string, string];
    const message = `${one} and ${other} inherit ${labelOf(decoration)}, which uses this, with one operation '${operation}': they would share answers. Name the difference in the request, request: function (…) { return { …, kind: this.… }; }`;
    return { path: labelOf(decoration), message };
  }
  const [one, other] = [owner.decoration, decoration].map(labelOf) as [string, string];
  const message = `${one} and ${other} have one operation '${operation}': the key does not contain the code of a method, so they would share answers. Give each an operation of its own`;
  return { path: other, message };
}

/** True if answers may depend on the instance, and the request does not name it. */
export function dependsOnInstance({ readsInstance, options }: AiDecoration): boolean {
  return readsInstance && !asksTheInstance(options.request) && !asksTheInstance(options.tenant);
}

function nameOf(prototype: object): string {
  return classNameOf(prototype.constructor).name;
}
