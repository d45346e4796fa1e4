import { createParamDecorator } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';

/** The options of a caller's request. */
export interface Ask {
  /** `Cache-Control: no-cache`: ignore the cached result, and cache the new one. */
  refresh: boolean;
  /** `?explain=true`: include the parts of the cache key in the response. */
  explain: boolean;
}

export const AskParam = createParamDecorator((_: unknown, context: ExecutionContext): Ask => {
  const request = context.switchToHttp().getRequest<Request>();
  return {
    refresh: /(?:^|[\s,])no-cache(?:$|[\s,])/i.test(request.headers['cache-control'] ?? ''),
    explain: request.query['explain'] === 'true',
  };
});
