export { CacheEnvironment, CacheSettings } from './option-classes.js';
