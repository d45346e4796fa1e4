import type { AiUsage } from '../answer/output.js';
import type { AiPrice, AiSavings } from './savings.js';

/** Savings of a call that took `tookMs` for an answer produced with `usage` in `producedMs`. */
export function savingsOf(
  usage: AiUsage | undefined,
  price: AiPrice | undefined,
  producedMs: number,
  tookMs: number,
): AiSavings {
  const inputTokens = tokens(usage?.inputTokens);
  const outputTokens = tokens(usage?.outputTokens);
  const timeMs = Math.max(0, producedMs - tookMs);
  if (inputTokens === 0 && outputTokens === 0) return { inputTokens, outputTokens, timeMs, unmetered: true };
  if (price === undefined) return { inputTokens, outputTokens, timeMs };
  const cached = Math.min(tokens(usage?.cachedInputTokens), inputTokens);
  const { inputPerMillion, outputPerMillion, cachedInputPerMillion = inputPerMillion } = price;
  const cost =
    ((inputTokens - cached) * inputPerMillion +
      cached * cachedInputPerMillion +
      outputTokens * outputPerMillion) /
    1e6;
  return { inputTokens, outputTokens, cost, timeMs };
}

/**
 * The price of the first of `models` with one. A model has the price of its name, else of its name without the provider
 * before a slash (`openai/gpt-4o`), each also without a date or `latest` at its end (`gpt-4o-2024-08-06`). Any other
 * ending names another model (`gpt-4o-mini`).
 */
export function priceOf(
  prices: Readonly<Record<string, AiPrice>>,
  ...models: readonly unknown[]
): AiPrice | undefined {
  const names = models.flatMap((model) => (typeof model === 'string' ? namesOf(model) : []));
  const known = names.find((name) => Object.hasOwn(prices, name));
  return known === undefined ? undefined : prices[known];
}

const release = /[-@:](\d{4}-\d{2}-\d{2}|\d{8}|latest)$/;

function namesOf(model: string): string[] {
  const bare = model.slice(model.lastIndexOf('/') + 1);
  return [model, model.replace(release, ''), bare, bare.replace(release, '')];
}

function tokens(count: number | undefined): number {
  return count !== undefined && Number.isFinite(count) && count > 0 ? count : 0;
}
