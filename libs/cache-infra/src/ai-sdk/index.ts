export { aiSdkCache, type AiSdkCache, type AiSdkCacheOptions, type AiSdkControl } from './ai-sdk-cache.js';
export type { AiSdkCall, AiSdkModel } from './call.js';
