export { KeyvCacheStore, type KeyvCacheStoreOptions, type KeyvStoreEntry } from './keyv-cache-store.js';
