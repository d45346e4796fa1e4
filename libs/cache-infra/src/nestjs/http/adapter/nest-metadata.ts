// Names under which NestJS keeps what route decorators say. NestJS 12 exports them from `@nestjs/common/internal` and
// NestJS 11 from `@nestjs/common/constants`; neither path is in both, and the names are the same since NestJS 8.

/** `@UseInterceptors()`, on a class or a handler. */
export const interceptorsMetadata = '__interceptors__';
/** The verb of a route, a `RequestMethod`. */
export const methodMetadata = 'method';
/** The path of a controller or a route. */
export const pathMetadata = 'path';
/** `@Redirect()`: `{ url, statusCode }`. */
export const redirectMetadata = '__redirect__';
/** `@Render()`: the name of the template. */
export const renderMetadata = '__renderTemplate__';
/** `@Res({ passthrough: true })`, on the class by the handler's name. */
export const responsePassthroughMetadata = '__responsePassthrough__';
/** The decorated parameters of a handler, on the class by the handler's name: `'<kind>:<index>'` and more. */
export const routeArgsMetadata = '__routeArguments__';
/** `@Sse()`. */
export const sseMetadata = '__sse__';
/** `@Version()`, and the `version` of `@Controller()`. */
export const versionMetadata = '__version__';

/** The kinds of decorated parameters that hand a handler the response: `@Res()` and `@Next()`. */
export const responseParameters: readonly number[] = [1, 2];
