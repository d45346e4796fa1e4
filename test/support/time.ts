/** Lets real time pass that the test is about: a ttl in Redis, a lease or a back-off that must end. Milliseconds. */
export function elapse(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Lets real time pass in which an event must not happen: it has `ms` milliseconds to happen in. */
export function quietFor(ms: number): Promise<void> {
  return elapse(ms);
}
