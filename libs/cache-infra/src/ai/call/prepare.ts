import { ValidationError } from '../../base/errors.js';
import { describeValue } from '../../base/redact.js';
import { runSafely } from '../../cache/observe/emitter.js';
import { requestKey } from '../request/request-key.js';
import type { AiRequest } from '../request/request.js';
import { nameable } from '../request/selector-tags.js';
import type { Call } from './call.js';
import { assertControl, type AiCacheControl } from './control.js';
import type { AiOperation } from './operation.js';
import type { ResolvedSettings } from './settings.js';

const noSettings: AiOperation = {};
const noTags: readonly string[] = [];

/**
 * A call with its key and validated options.
 *
 * @throws ValidationError for invalid arguments and for a request without a field that its operation requires
 * @throws SerializationError when a part of the request cannot be in a key
 */
export function prepareCall(
  settings: ResolvedSettings,
  cache: string,
  operation: string,
  request: AiRequest,
  control: AiCacheControl,
): Call {
  assertControl(control);
  const { prefix, textHashThreshold, ignored, monitor, clock } = settings;
  const isTimed = monitor?.recordKeyGenerationTime !== undefined;
  const start = isTimed ? performance.now() : 0;
  const made = requestKey(operation, request, { prefix, textHashThreshold, ignored });
  if (isTimed) {
    const duration = performance.now() - start;
    const record = { cache, operation, duration, inputLength: made.length };
    runSafely(() => monitor.recordKeyGenerationTime?.(record));
  }
  const own = settings.operations.get(operation) ?? noSettings;
  if (own.requires !== undefined) assertRequired(operation, request, own.requires);
  const { model, tenant, promptVersion } = request;
  // Not by a spread, which costs more than a hit of the cache.
  return {
    key: made.key,
    readable: made.readable,
    canonical: made.canonical,
    length: made.length,
    ignored: made.ignored,
    operation,
    request,
    dimensions: { model, tenant, promptVersion },
    model: typeof model === 'string' ? model : '-',
    tenant: nameable(tenant) ?? '-',
    control,
    settings: own,
    ttl: control.ttl,
    tags: control.tags ?? noTags,
    startedAt: clock.now(),
  };
}

function assertRequired(operation: string, request: object, names: readonly string[]): void {
  const missing = names.filter((name) => !isNamed((request as Record<string, unknown>)[name]));
  if (missing.length === 0) return;
  throw new ValidationError(
    missing.map((name) => {
      const path = `request.${name}`;
      return { path, message: `${path} is required by operation ${describeValue(operation)}` };
    }),
  );
}

/** Whether a value tells one owner from another: `undefined`, `null`, blank text and `{}` do not. */
function isNamed(value: unknown): boolean {
  if (typeof value === 'string') return value.trim() !== '';
  if (typeof value === 'object') return value !== null && Object.keys(value).length > 0;
  return value !== undefined && !Number.isNaN(value);
}
