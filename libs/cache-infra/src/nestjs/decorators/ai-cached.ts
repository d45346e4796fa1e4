import type { AiCacheControl, AiCacheService, AiOutput } from '../../ai/index.js';
import { assertOptions, duration, functionValue, nonEmptyString } from '../../base/checks.js';
import { ValidationError } from '../../base/errors.js';
import { isPlain } from '../../base/opaque.js';
import { describeValue } from '../../base/redact.js';
import type { AiCachedDecorator, AiCachedOptions } from './ai-cached-options.js';
import { rememberAi, type AiDecoration } from './ai-decoration.js';
import { aiFor } from './ai-lookup.js';
import { claimOperation } from './ai-operations.js';
import { assertDecoratable, type PlainMethod } from './decorated-target.js';
import { assertParentheses, tagsOrFunction } from './decorator-checks.js';
import type { Known, UntypedMethodDecorator } from './decorator-options.js';
import { isCacheTrouble, report, reportOption } from './method-errors.js';
import { labelOf } from './method-key.js';
import { warnOfUnmanaged } from './unmanaged-instances.js';
import { readsInstance, settled, wrapMethod } from './wrapped-method.js';

const checks = {
  operation: nonEmptyString,
  cache: nonEmptyString,
  request: functionValue,
  tenant: functionValue,
  output: functionValue,
  ttl: duration,
  tags: tagsOrFunction,
  condition: functionValue,
};

/**
 * Caches the answers of a method that calls a model, as `ai.run` does: the key is the operation and the request, by
 * default all arguments. Concurrent equal calls share one run. Works on providers and controllers of any scope. An
 * instance created with `new` runs uncached.
 *
 * ```ts
 * @AiCached({
 *   operation: 'summarize',
 *   request: (text: string) => ({ model: 'small', text, promptVersion: 3 }),
 *   output: (answer: Answer) => ({ value: answer, usage: answer.usage, finishReason: answer.finishReason }),
 * })
 * async summarize(text: string): Promise<Answer> { … }
 * ```
 *
 * The code of the method, its prompt included, is not in the key: change `promptVersion` with it. At the start of the
 * application, two methods with one operation are refused, as are methods without a `CacheInfraModule.forAi()`.
 *
 * A request that cannot be in a key (a function, a stream) runs uncached, and one warning is logged.
 *
 * @throws ValidationError when the options are invalid, or on anything but an instance method
 */
export function AiCached<const O extends AiCachedOptions>(
  options: O & Known<O, AiCachedOptions>,
): AiCachedDecorator<O>;
export function AiCached(options: AiCachedOptions, ...rest: readonly unknown[]): UntypedMethodDecorator {
  assertParentheses('@AiCached', options, rest, "{ operation: '…' }");
  assertOptions('@AiCached()', options, checks, ['operation']);
  return (prototype, name, descriptor) => {
    const method = { decorator: 'AiCached', prototype, name, options } as const;
    const original = assertDecoratable('AiCached', method, descriptor);
    const decoration = { ...method, readsInstance: readsInstance(original) };
    wrapMethod(decoration, original, descriptor, executor(decoration, original));
    rememberAi(decoration);
  };
}

/** Executes a decorated method. Without an AI cache, returns the original method's result unchanged. */
function executor(
  decoration: AiDecoration,
  original: PlainMethod,
): (instance: unknown, args: readonly unknown[]) => unknown {
  const { options } = decoration;
  const label = labelOf(decoration);
  return (instance, args) => {
    const plain = (): unknown => original.apply(instance, [...args]);
    if (typeof instance !== 'object' || instance === null) return plain();
    const ai = aiFor(instance, options.cache, label);
    if (ai === undefined) {
      warnOfUnmanaged(decoration, instance);
      return plain();
    }
    // Classes of lazily loaded modules are seen here for the first time.
    const problem = claimOperation(ai, { decoration, prototype: Object.getPrototypeOf(instance) as object });
    if (problem !== undefined) throw new ValidationError([problem]);
    const { condition } = options;
    if (condition !== undefined && !Reflect.apply(condition, instance, args)) return plain();
    return cached(ai, options, {
      ...{ label, instance, args },
      invoke: async () => settled(plain(), decoration, label),
    });
  };
}

/** One call of a decorated method that has an AI cache. */
interface AiCall {
  readonly label: string;
  readonly instance: object;
  readonly args: readonly unknown[];
  invoke(): Promise<unknown>;
}

async function cached(ai: AiCacheService, options: AiCachedOptions, call: AiCall): Promise<unknown> {
  const { label } = call;
  const request = requestOf(options, call);
  let produced: Promise<AiOutput<unknown>> | undefined;
  try {
    const { value } = await ai.run<unknown>(
      options.operation,
      request,
      (ctx) => {
        produced = call.invoke().then((result) => {
          try {
            return outputOf(options, call, result);
          } catch (error) {
            reportOption(label, error);
            ctx.skipStore();
            return { value: result };
          }
        });
        return produced;
      },
      controlOf(options, call),
    );
    return value;
  } catch (error) {
    // The method's own error, also one of another cache.
    const output = await produced;
    if (!isCacheTrouble(error)) throw error;
    report(label, error);
    return output === undefined ? call.invoke() : output.value;
  }
}

function requestOf({ request, tenant }: AiCachedOptions, { label, instance, args }: AiCall): object {
  const made: unknown =
    request === undefined ? { args: shortened(args) } : Reflect.apply(request, instance, args);
  if (typeof made !== 'object' || made === null || !isPlain(made)) {
    const message = `request must return a plain object, got ${describeValue(made)}`;
    throw new ValidationError([{ path: 'request', message }], label);
  }
  if (tenant === undefined) return made;
  const owner: unknown = Reflect.apply(tenant, instance, args);
  if (owner === undefined || owner === null || owner === '') {
    const message = `tenant must return the owner of the answer, got ${describeValue(owner)}: without it, tenants would share answers`;
    throw new ValidationError([{ path: 'tenant', message }], label);
  }
  return { ...made, tenant: owner };
}

/** A call that leaves out an optional argument equals one that gives `undefined`. */
function shortened(args: readonly unknown[]): readonly unknown[] {
  return args.slice(0, args.findLastIndex((arg) => arg !== undefined) + 1);
}

function outputOf(options: AiCachedOptions, { instance, args }: AiCall, result: unknown): AiOutput<unknown> {
  if (options.output === undefined) return { value: result };
  return Reflect.apply(options.output, instance, [result, ...args]);
}

function controlOf({ ttl, tags }: AiCachedOptions, { instance, args }: AiCall): AiCacheControl {
  return { ttl, tags: typeof tags === 'function' ? Reflect.apply(tags, instance, args) : tags };
}
