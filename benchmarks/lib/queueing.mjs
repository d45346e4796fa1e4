/**
 * Response time of a server that serves one request at a time, like Redis.
 *
 * Poisson arrivals and any distribution of service times: the Pollaczek-Khinchine formula for M/G/1, mean response time
 * `S + ρ S (1 + c²) / (2 (1 - ρ))`, where `ρ = λ S` and `c` is the coefficient of variation of the service time. `c² =
 * 1` is M/M/1, `S / (1 - ρ)`. Leonard Kleinrock, Queueing Systems, Volume 1: Theory (Wiley, 1975), chapters 3.2 and
 * 5.6.
 *
 * @param {number} arrivals a second
 * @param {number} serviceSeconds mean
 * @param {number} [variation] c²
 * @returns {{ utilization: number, responseSeconds: number }} an infinite response time if the server is overloaded
 */
export function queue(arrivals, serviceSeconds, variation = 1) {
  const utilization = arrivals * serviceSeconds;
  if (utilization >= 1) return { utilization, responseSeconds: Infinity };
  const waiting = (utilization * serviceSeconds * (1 + variation)) / (2 * (1 - utilization));
  return { utilization, responseSeconds: serviceSeconds + waiting };
}

/**
 * The mean service time of several kinds of work, and the squared coefficient of variation of the mixture of
 * exponentials.
 */
export function mixture(kinds) {
  const rate = kinds.reduce((sum, { perSecond }) => sum + perSecond, 0);
  if (rate === 0) return { rate: 0, mean: 0, variation: 1 };
  const mean = kinds.reduce((sum, { perSecond, seconds }) => sum + perSecond * seconds, 0) / rate;
  // The second moment of an exponential distribution with mean s is 2 s².
  const second = kinds.reduce((sum, { perSecond, seconds }) => sum + perSecond * 2 * seconds ** 2, 0) / rate;
  return { rate, mean, variation: second / mean ** 2 - 1 };
}
