export { AiCacheService } from './ai-cache.service.js';
export { completeFinishReasons, neverStored, type NotStoredReason } from './cacheability.js';
export type { AiExplanation } from './explanation.js';
export { ignoredRequestFields, ignoredRequestHeaders } from './ignored-fields.js';
export type { RequestPart } from './request-key.js';
export type { AiCounters, AiPrice, AiSavings, AiStats } from './savings.js';
export type {
  AiCacheControl,
  AiCacheSettings,
  AiContext,
  AiOutput,
  AiRequest,
  AiRequestFields,
  AiResult,
  AiSelector,
  AiUsage,
  BypassReason,
  Produce,
} from './types.js';
