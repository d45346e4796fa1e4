/** Waits for a condition: asks again and again, as soon as other work lets it, up to a deadline in milliseconds. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what = 'the condition',
  deadlineMs = 5000,
): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await condition())) {
    if (performance.now() > end)
      throw new Error(`Gave up waiting for ${what} after ${String(deadlineMs)} ms`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
