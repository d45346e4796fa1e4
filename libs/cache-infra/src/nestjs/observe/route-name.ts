import type { ExecutionContext } from '@nestjs/common';

interface RoutedRequest {
  readonly method?: string;
  readonly route?: { readonly path?: unknown };
  readonly routeOptions?: { readonly url?: unknown };
}

/** `GET /products/:id`: the route pattern, never the URL, whose number is unbounded. */
export function routeName(context: ExecutionContext): string {
  const request = context.switchToHttp().getRequest<RoutedRequest | undefined>();
  const pattern = request?.route?.path ?? request?.routeOptions?.url;
  if (typeof pattern === 'string') return `${request?.method ?? 'GET'} ${pattern}`;
  return `${context.getClass().name}.${context.getHandler().name}`;
}
