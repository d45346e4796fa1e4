import * as nest from '@nestjs/common/internal';

import * as ours from './nest-metadata.js';

describe('the names of route metadata', () => {
  it('are those of the installed NestJS', () => {
    expect(ours).toMatchObject({
      interceptorsMetadata: nest.INTERCEPTORS_METADATA,
      methodMetadata: nest.METHOD_METADATA,
      pathMetadata: nest.PATH_METADATA,
      redirectMetadata: nest.REDIRECT_METADATA,
      renderMetadata: nest.RENDER_METADATA,
      responsePassthroughMetadata: nest.RESPONSE_PASSTHROUGH_METADATA,
      routeArgsMetadata: nest.ROUTE_ARGS_METADATA,
      sseMetadata: nest.SSE_METADATA,
      versionMetadata: nest.VERSION_METADATA,
      responseParameters: [nest.RouteParamtypes.RESPONSE, nest.RouteParamtypes.NEXT],
    });
  });
});
