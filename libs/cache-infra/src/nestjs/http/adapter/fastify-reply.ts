/** The steps of Fastify and its plug-ins between the handler's result and the sent reply. */
export interface ReplySteps {
  /** True if a hook may set headers. */
  readonly mayChangeHeaders: boolean;
  /** True if only `JSON.stringify()` serializes an object. */
  readonly isPlainJson: boolean;
}

/** Fastify keeps its hooks under symbols. An unknown version counts as one with every hook. */
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

/** True if a plug-in has queued cookies that it writes when the reply is sent, as `@fastify/cookie` does. */
export function hasQueuedCookies(reply: object): boolean {
  return Object.getOwnPropertySymbols(reply)
    .filter(({ description = '' }) => /set-?cookies?$/i.test(description))
    .some((symbol) => {
      const queue: unknown = Reflect.get(reply, symbol);
      return isObject(queue) && Number(Reflect.get(queue, 'size') ?? Reflect.get(queue, 'length') ?? 0) > 0;
    });
}

/** The property under the symbol with this description. */
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
