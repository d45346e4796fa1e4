export { AiCacheService } from './ai-cache.service.js';
export { completeFinishReasons, neverStored, type NotStoredReason } from './cacheability.js';
export type { AiCacheControl } from './control.js';
export type { AiExplanation } from './explanation.js';
export {
  ignoredNames,
  ignoredRequestFields,
  ignoredRequestHeaders,
  type IgnoredNames,
} from './ignored-names.js';
export type { AiFinishReason, AiOutput, AiUsage } from './output.js';
export type { AiContext, Produce } from './producer.js';
export type { RequestPart } from './request-key.js';
export type { AiRequest, AiRequestFields } from './request.js';
export type { AiResult, BypassReason } from './result.js';
export type { AiCounters, AiPrice, AiSavings, AiStats } from './savings.js';
export type { AiSelector } from './selector.js';
export type { AiCacheSettings } from './settings.js';
