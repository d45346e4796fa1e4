import { ConfigurableModuleBuilder, Module } from '@nestjs/common';

import { edgeTagSettings } from '../nestjs/http/adapter/edge-tagging.js';
import { CdnHealthIndicator } from './cdn-health.indicator.js';
import { cdnSettings, type CdnModuleOptions, type CdnSettings } from './cdn-options.js';
import { CdnPurger, cdnSettingsToken } from './cdn-purger.js';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<CdnModuleOptions>({
  moduleName: 'Cdn',
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createCdnOptions')
  .setExtras({ isGlobal: true }, (definition, { isGlobal }) => ({ ...definition, global: isGlobal }))
  .build();

/**
 * Takes invalidations to a CDN: responses that it may store name their tags in a header, and an invalidation of a tag
 * purges it there.
 *
 * ```ts
 * imports: [
 *   CacheInfraModule.forRoot(),
 *   CdnModule.forRoot({ prefix: 'shop', purge: cloudflarePurge({ zoneId, apiToken }) }),
 * ]
 * ```
 *
 * With `forRootAsync({ inject, useFactory })`, the token may come from a configuration service.
 *
 * @throws ValidationError at the start of the application when an option is invalid
 */
@Module({
  providers: [
    { provide: cdnSettingsToken, useFactory: cdnSettings, inject: [MODULE_OPTIONS_TOKEN] },
    {
      provide: edgeTagSettings,
      useFactory: ({ edgeTags }: CdnSettings) => edgeTags,
      inject: [cdnSettingsToken],
    },
    CdnPurger,
    CdnHealthIndicator,
  ],
  exports: [CdnHealthIndicator, CdnPurger],
})
export class CdnModule extends ConfigurableModuleClass {}
