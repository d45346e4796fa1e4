export { AiCacheService } from './ai-cache.service.js';
export {
  completeFinishReasons,
  neverStored,
  type BypassReason,
  type NotStoredReason,
} from './answer/cacheability.js';
export type { AiCacheControl } from './call/control.js';
export type { AiExplanation } from './call/explanation.js';
export {
  ignoredNames,
  ignoredRequestFields,
  ignoredRequestHeaders,
  type IgnoredNames,
} from './request/ignored-names.js';
export type { AiFinishReason, AiOutput, AiUsage } from './answer/output.js';
export type { AiContext, Produce } from './call/producer.js';
export type { RequestPart } from './request/request-key.js';
export type { AiRequest, AiRequestFields } from './request/request.js';
export type { AiResult } from './call/result.js';
export type { AiHit } from './answer/hit.js';
export type { AiShape } from './answer/shape.js';
export type { AiOperation } from './call/operation.js';
export type { AiCounters, AiPrice, AiSavings, AiStats } from './savings/savings.js';
export type { AiSelector } from './request/selector.js';
export type { AiCacheSettings } from './call/settings.js';
export type { AiBatchContext, BatchOutput, ProduceBatch } from './batch/producer.js';
export type { AiWarmed } from './batch/warm.js';
export { AiStream } from './stream/ai-stream.js';
export type { AiStreamEnd, AiStreamStatus } from './stream/stream-status.js';
export type { AiStreamContext, AiStreamFacts, ProduceStream } from './stream/producer.js';
export type { SseOptions } from './stream/sse.js';
export type { AiMatch } from './call/alike-port.js';
export type { AlikeStats } from './alike/alike-found.js';
export type { AlikeEvent } from './alike/alike-report.js';
export type { BudgetPhase } from './alike/error-budget.js';
export type { AlikeOptions, Embedder, Judge, JudgedPair } from './alike/alike-options.js';
export type { GistLanguage } from './alike/gist-language.js';
export { openAiEmbedder, type OpenAiEmbedderOptions } from './alike/openai-embedder.js';
export { openAiJudge, type OpenAiJudgeOptions } from './alike/openai-judge.js';
export type { SimilarityBin } from './alike/similarity-histogram.js';
