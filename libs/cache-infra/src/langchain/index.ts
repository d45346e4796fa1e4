export { LangChainCache, type LangChainCacheOptions } from './langchain-cache.js';
