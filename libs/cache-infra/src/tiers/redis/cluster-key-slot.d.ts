// Version 1.1.1 of the package, which ioredis brings, has no declarations of its own.
declare module 'cluster-key-slot' {
  /**
   * The slot of a key, 0 to 16383: of its hash tag, where it has one
   * (https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags).
   */
  export default function calculateSlot(key: string | Buffer): number;
}
