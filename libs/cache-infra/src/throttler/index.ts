export {
  NestThrottlerStorage,
  type NestThrottlerStorageOptions,
  type ThrottledHit,
} from './nest-throttler-storage.js';
