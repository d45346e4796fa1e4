import type { PathRules } from './url-tags.js';

interface Adapter {
  getType(): string;
  getInstance(): unknown;
}

interface ExpressApplication {
  enabled(setting: string): boolean;
}

interface FastifyOptions {
  readonly caseSensitive?: boolean;
  readonly ignoreTrailingSlash?: boolean;
  readonly ignoreDuplicateSlashes?: boolean;
  readonly useSemicolonDelimiter?: boolean;
  readonly routerOptions?: Omit<FastifyOptions, 'routerOptions'>;
}

/**
 * An unknown router counts as one that ignores every difference, so that a write invalidates too much, not too little.
 */
const unknownRules: PathRules = {
  ignoresCase: true,
  ignoresTrailingSlash: true,
  ignoresDuplicateSlashes: true,
  endsPathAtSemicolon: false,
};

/** The path rules of an application's router, as its adapter was configured. */
export function pathRules(adapter: Adapter): PathRules {
  const instance = adapter.getInstance();
  if (adapter.getType() === 'express') return expressRules(instance as ExpressApplication);
  const { initialConfig } = instance as { readonly initialConfig?: FastifyOptions };
  return initialConfig === undefined ? unknownRules : fastifyRules(initialConfig);
}

function expressRules(app: ExpressApplication): PathRules {
  return {
    ignoresCase: !app.enabled('case sensitive routing'),
    ignoresTrailingSlash: !app.enabled('strict routing'),
    ignoresDuplicateSlashes: false,
    endsPathAtSemicolon: false,
  };
}

/** Fastify reads router options from two places. */
function fastifyRules({ routerOptions, ...older }: FastifyOptions): PathRules {
  const places: readonly FastifyOptions[] = [older, routerOptions ?? {}];
  return {
    ignoresCase: places.some(({ caseSensitive }) => caseSensitive === false),
    ignoresTrailingSlash: places.some(({ ignoreTrailingSlash }) => ignoreTrailingSlash === true),
    ignoresDuplicateSlashes: places.some(({ ignoreDuplicateSlashes }) => ignoreDuplicateSlashes === true),
    endsPathAtSemicolon: places.some(({ useSemicolonDelimiter }) => useSemicolonDelimiter === true),
  };
}
