import { createParamDecorator } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';

/** How a caller wants its answer. */
export interface Ask {
  /** `Cache-Control: no-cache`: make the answer anew, and cache that. */
  refresh: boolean;
  /** `?explain=true`: tell also what the cache key is made of. */
  explain: boolean;
}

export const AskParam = createParamDecorator((_: unknown, context: ExecutionContext): Ask => {
  const request = context.switchToHttp().getRequest<Request>();
  return {
    refresh: /(?:^|[\s,])no-cache(?:$|[\s,])/i.test(request.headers['cache-control'] ?? ''),
    explain: request.query['explain'] === 'true',
  };
});
