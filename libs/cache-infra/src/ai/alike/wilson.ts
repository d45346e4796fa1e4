/**
 * The z-score of a two-sided confidence of 95 %. With it, 381 checks without an error bring the upper bound to 1 %.
 */
export const confidence95 = 1.96;

/** Bounds of a share, 0-1. */
export interface ShareBounds {
  readonly lower: number;
  readonly upper: number;
}

/**
 * The Wilson score interval of the share of events, from `events` of `trials`. Unlike the normal approximation it is
 * sound for few trials and for shares near 0. Without trials, the share may be anything.
 *
 * E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", Journal of the American
 * Statistical Association 22 (1927), 209-212, https://doi.org/10.1080/01621459.1927.10502953
 */
export function wilsonBounds(events: number, trials: number, z: number = confidence95): ShareBounds {
  if (trials <= 0) return { lower: 0, upper: 1 };
  const share = events / trials;
  const spread = z * Math.sqrt((share * (1 - share)) / trials + (z / (2 * trials)) ** 2);
  const centre = share + z ** 2 / (2 * trials);
  const scale = 1 + z ** 2 / trials;
  return { lower: Math.max(0, (centre - spread) / scale), upper: Math.min(1, (centre + spread) / scale) };
}

/** Trials without an event until the upper bound is at most `share`, which is above 0. */
export function trialsWithoutEvent(share: number, z: number = confidence95): number {
  return Math.ceil(z ** 2 * (1 / share - 1) - 1e-9);
}
