/** Sets an own property, `__proto__` included, to which plain assignment would change the prototype. */
export function setOwn(target: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== '__proto__') target[name] = value;
  else defineOwn(target, name, value);
}

/** Like {@link setOwn}, for an object whose class may have an accessor of that name, which assignment would call. */
export function defineOwn(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true });
}
