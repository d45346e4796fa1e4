import { SerializationError } from './errors.js';

/** Deepest nesting of objects, arrays, Maps and Sets that a value may have. */
export const maxDepth = 1000;

/** From a container to a part of it: a property's name, an index, or words of another kind such as `.get("a")`. */
export type Step = string | number | { readonly words: string };

/** Where a walk through a value is: finds circles, bounds the depth, names the place in errors. */
export class Trail {
  readonly #containers: object[] = [];
  readonly #steps: Step[] = [];

  /** @throws SerializationError when the walk is inside `container` already, or too deep */
  enter(container: object): void {
    if (this.#containers.includes(container)) throw this.refuse('circular value is not supported');
    if (this.#containers.length >= maxDepth)
      throw this.refuse(`value is nested deeper than ${maxDepth} levels`);
    this.#containers.push(container);
  }

  /** The part of the innermost container that comes next. */
  at(step: Step): void {
    this.#steps[this.#containers.length - 1] = step;
  }

  /** The walk is inside of no container. */
  get isOutside(): boolean {
    return this.#containers.length === 0;
  }

  leave(): void {
    this.#containers.pop();
  }

  refuse(message: string, options?: { cause?: unknown }): SerializationError {
    return new SerializationError(message, this.#path(), options);
  }

  #path(): string {
    const steps = this.#steps.slice(0, this.#containers.length).map(stepWords);
    if (steps.length <= 20) return `$${steps.join('')}`;
    return `$${steps.slice(0, 10).join('')} … ${steps.slice(-10).join('')}`;
  }
}

function stepWords(step: Step): string {
  if (typeof step === 'number') return `[${step}]`;
  if (typeof step === 'object') return step.words;
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
}

/** The step to a Map's value: by its key where that is text. */
export function mapStep(key: unknown, index: number): Step {
  return { words: typeof key === 'string' ? `.get(${JSON.stringify(key)})` : `.values()[${index}]` };
}
