/** Sets an own property of any name: plain assignment to `__proto__` would change the prototype instead. */
export function setOwn(target: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== '__proto__') target[name] = value;
  else defineOwn(target, name, value);
}

/** As {@link setOwn}, for an object whose class may have an accessor of that name, which assignment would call. */
export function defineOwn(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true });
}
