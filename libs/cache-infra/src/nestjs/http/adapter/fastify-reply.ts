/** What Fastify and its plug-ins still do to a reply after the handler has answered. */
export interface ReplySteps {
  /** A hook may set headers. */
  readonly mayChangeHeaders: boolean;
  /** `JSON.stringify()` alone makes the body of an object. */
  readonly isPlainJson: boolean;
}

/** Fastify keeps this under symbols. A version that keeps it elsewhere is taken for one that does everything. */
const unknownSteps: ReplySteps = { mayChangeHeaders: true, isPlainJson: false };

export function replySteps(request: object, reply: object): ReplySteps {
  const route = under(request, 'fastify.context');
  if (!isObject(route) || !('onSend' in route) || !('preSerialization' in route)) return unknownSteps;
  const { onSend, preSerialization } = route;
  const serializers = [
    preSerialization,
    under(route, 'fastify.replySerializerDefault'),
    under(route, 'response-schema'),
    under(reply, 'fastify.reply.serializer'),
  ];
  return {
    mayChangeHeaders: isThere(onSend) || isThere(preSerialization),
    isPlainJson: !serializers.some(isThere),
  };
}

/** Whether a plug-in holds back cookies that it will write when the reply is sent, as `@fastify/cookie` does. */
export function hasQueuedCookies(reply: object): boolean {
  return Object.getOwnPropertySymbols(reply)
    .filter(({ description = '' }) => /set-?cookies?$/i.test(description))
    .some((symbol) => {
      const queue: unknown = Reflect.get(reply, symbol);
      return isObject(queue) && Number(Reflect.get(queue, 'size') ?? Reflect.get(queue, 'length') ?? 0) > 0;
    });
}

/** The property under a symbol of this description. */
function under(owner: object, description: string): unknown {
  const symbol = Object.getOwnPropertySymbols(owner).find((it) => it.description === description);
  return symbol === undefined ? undefined : Reflect.get(owner, symbol);
}

function isThere(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
