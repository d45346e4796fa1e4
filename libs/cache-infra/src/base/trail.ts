import { SerializationError } from './errors.js';

/** Maximum nesting of objects, arrays, Maps and Sets in a value. */
export const maxDepth = 1000;

/** The step from a container to a part of it: a property name, an index, or other text such as `.get("a")`. */
export type Step = string | number | { readonly words: string };

/** The path of a walk through a value: detects circular references, bounds the depth, names the place in errors. */
export class Trail {
  readonly #containers: object[] = [];
  readonly #steps: Step[] = [];

  /** @throws SerializationError for a circular reference or too deep a nesting */
  enter(container: object): void {
    if (this.#containers.includes(container)) throw this.refuse('circular value is not supported');
    if (this.#containers.length >= maxDepth)
      throw this.refuse(`value is nested deeper than ${maxDepth} levels`);
    this.#containers.push(container);
  }

  /** Records the part of the innermost container that the walk visits next. */
  at(step: Step): void {
    this.#steps[this.#containers.length - 1] = step;
  }

  /** Whether the walk is outside of every container. */
  get isOutside(): boolean {
    return this.#containers.length === 0;
  }

  /** The number of containers around the walk. */
  get depth(): number {
    return this.#containers.length;
  }

  leave(): void {
    this.#containers.pop();
  }

  refuse(message: string, options?: { cause?: unknown; hint?: string }): SerializationError {
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

/** The step to a value of a Map: by its key if it is a string, else by its index. */
export function mapStep(key: unknown, index: number): Step {
  return { words: typeof key === 'string' ? `.get(${JSON.stringify(key)})` : `.values()[${index}]` };
}
