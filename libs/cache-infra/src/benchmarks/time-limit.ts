/** Waits for `work` for at most `limitMs`; then calls `onLate` and ignores the result of `work`. */
export async function withinLimit(limitMs: number, onLate: () => void, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let isLate = false;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      isLate = true;
      onLate();
      resolve();
    }, limitMs);
  });
  const guarded = work.catch((error: unknown) => {
    if (!isLate) throw error;
  });
  try {
    await Promise.race([guarded, late]);
  } finally {
    clearTimeout(timer);
  }
}
