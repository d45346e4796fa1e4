import { ServerResponse } from 'node:http';

/** What is asked of an adapter, and of Express behind it. */
interface Adapter {
  getType(): string;
  getInstance(): unknown;
}

interface ExpressApplication {
  get(setting: string): unknown;
  readonly response: { readonly json: JsonMethod };
}

/** `res.json()`. */
export type JsonMethod = (body: unknown) => unknown;

/** With one of these Express writes JSON in a way of the application's own. */
const jsonSettings = ['json escape', 'json replacer', 'json spaces'];

/**
 * The `res.json()` of an application whose adapter sends a text that is marked as JSON just as it sends the object with that JSON: then
 * a hit needs no object, as long as the response has that very method. Nest's adapter for Express does so, since `res.json()` makes a
 * text and sends it, unless the application has put something of its own there. Fastify does not: it may have a schema by which it
 * picks the properties of an object. Undefined = it has to be the object, as it also is where there is doubt.
 */
export function textSendingJson(adapter: Adapter): JsonMethod | undefined {
  const json = ownJson(adapter);
  return json === undefined || jsonSettings.some((it) => isSet(adapter, it)) ? undefined : json;
}

/**
 * The `res.json()` of Express that makes JSON of a value without a look at its class, whatever its spaces and escapes. Undefined = the
 * application has a replacer or a `res.json()` of its own.
 */
export function classBlindJson(adapter: Adapter): JsonMethod | undefined {
  return isSet(adapter, 'json replacer') ? undefined : ownJson(adapter);
}

/** Whether Nest's adapter for Fastify hands values to Fastify as they are. */
export function isFastifysOwn(adapter: Adapter): boolean {
  return adapter.constructor.name === 'FastifyAdapter' && !Object.hasOwn(adapter, 'reply');
}

/** `res.json()`, where neither the adapter nor Express has another. */
function ownJson(adapter: Adapter): JsonMethod | undefined {
  if (adapter.getType() !== 'express') return undefined;
  if (adapter.constructor.name !== 'ExpressAdapter' || Object.hasOwn(adapter, 'reply')) return undefined;
  const { response } = adapter.getInstance() as ExpressApplication;
  return isOfExpress(response, response.json) ? response.json : undefined;
}

function isSet(adapter: Adapter, setting: string): boolean {
  return (
    adapter.getType() === 'express' && Boolean((adapter.getInstance() as ExpressApplication).get(setting))
  );
}

/** Told by where it stands and by its text: whoever wraps it, for all responses there are, puts another function there. */
function isOfExpress(response: object, json: JsonMethod): boolean {
  let owner: object | null = response;
  while (owner !== null && !Object.hasOwn(owner, 'json'))
    owner = Object.getPrototypeOf(owner) as object | null;
  if (owner === null || Object.getPrototypeOf(owner) !== ServerResponse.prototype) return false;
  return jsonSettings.every((setting) => Function.prototype.toString.call(json).includes(setting));
}

/** Whether a JSON text is that of an object or an array: others are sent as texts, and not as JSON. */
export function isContainer(text: string): boolean {
  return text.startsWith('{') || text.startsWith('[');
}
