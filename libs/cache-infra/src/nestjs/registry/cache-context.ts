/** An HTTP request of Express or Fastify, as facts read it. */
export interface CacheContextRequest {
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Properties that guards, middleware or the framework set on the request. */
  readonly [property: string]: unknown;
}

/** The request, message or query that a method is called for. */
export interface CacheContext {
  /** `'none'` outside of a request: a scheduled job, a start-up hook. */
  readonly type: 'http' | 'graphql' | 'rpc' | 'ws' | 'none' | (string & {});
  /** The HTTP request, also of GraphQL over HTTP; the handshake of a WebSocket. */
  readonly request?: CacheContextRequest | undefined;
  /** The arguments of the handler. A message: payload and transport context. GraphQL: root, args, context and info. */
  readonly args: readonly unknown[];
}
