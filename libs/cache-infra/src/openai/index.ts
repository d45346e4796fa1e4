export { cachingFetch } from './caching-fetch.js';
export type { CachingFetchOptions } from './options.js';
export type { Fetch, ProviderApi, ProviderRequest } from './provider-request.js';
