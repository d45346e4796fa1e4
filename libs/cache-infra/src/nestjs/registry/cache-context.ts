/** What a fact can be read from in an HTTP request, of Express or Fastify. */
export interface CacheContextRequest {
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** What guards and middleware have put there, and whatever else the framework has on its requests. */
  readonly [property: string]: unknown;
}

/** The request, message or query that a method is called for. */
export interface CacheContext {
  /** `'none'` outside of all: a scheduled job, a start-up hook. */
  readonly type: 'http' | 'graphql' | 'rpc' | 'ws' | 'none' | (string & {});
  /** Of HTTP, of GraphQL over HTTP, and the handshake of a WebSocket. */
  readonly request?: CacheContextRequest | undefined;
  /** The arguments of the handler: of a message its payload and its own context, of GraphQL root, args, context and info. */
  readonly args: readonly unknown[];
}
