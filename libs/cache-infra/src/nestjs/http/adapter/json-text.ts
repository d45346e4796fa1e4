import { ServerResponse } from 'node:http';

/** The part of an HTTP adapter, and of Express behind it, that these functions read. */
interface Adapter {
  getType(): string;
  getInstance(): unknown;
}

interface ExpressApplication {
  get(setting: string): unknown;
  readonly response: { readonly json: JsonMethod };
}

/** The type of `res.json()`. */
export type JsonMethod = (body: unknown) => unknown;

/** Express settings that change how JSON is written. */
const jsonSettings = ['json escape', 'json replacer', 'json spaces'];

/**
 * The `res.json()` of an application whose adapter sends a JSON text exactly as it sends the object, so that a hit
 * needs no object as long as the response has this same method. Nest's Express adapter qualifies, unless the
 * application replaced a part of it. Fastify does not: a response schema may select properties of an object. Undefined
 * = the value must be the object, also in doubt.
 */
export function textSendingJson(adapter: Adapter): JsonMethod | undefined {
  const json = ownJson(adapter);
  return json === undefined || jsonSettings.some((it) => isSet(adapter, it)) ? undefined : json;
}

/**
 * The `res.json()` of Express if it serializes without reading a value's class, with any spaces and escapes. Undefined
 * if the application has a replacer or its own `res.json()`.
 */
export function classBlindJson(adapter: Adapter): JsonMethod | undefined {
  return isSet(adapter, 'json replacer') ? undefined : ownJson(adapter);
}

/** True if Nest's Fastify adapter passes values to Fastify unchanged. */
export function isFastifysOwn(adapter: Adapter): boolean {
  return adapter.constructor.name === 'FastifyAdapter' && !Object.hasOwn(adapter, 'reply');
}

/** The original `res.json()`; undefined if the adapter or Express was modified. */
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

/** Recognized by its owner and its source text: a wrapper for all responses is another function with another text. */
function isOfExpress(response: object, json: JsonMethod): boolean {
  let owner: object | null = response;
  while (owner !== null && !Object.hasOwn(owner, 'json'))
    owner = Object.getPrototypeOf(owner) as object | null;
  if (owner === null || Object.getPrototypeOf(owner) !== ServerResponse.prototype) return false;
  return jsonSettings.every((setting) => Function.prototype.toString.call(json).includes(setting));
}

/** True for the JSON text of an object or an array: adapters send other texts as plain text. */
export function isContainer(text: string): boolean {
  return text.startsWith('{') || text.startsWith('[');
}
