/** What a call gives that Redis failed, where errors degrade. */
export const failed = Symbol('failed');

/** What a change gives that Redis will never take from this user. */
export const refused = Symbol('refused');
