const guides = 'https://github.com/nestjs-cache-infra/nestjs-cache-infra/blob/main/docs';

/** URL of a page of the guides, for use in messages: `guideUrl('security.md#redis')`. */
export function guideUrl(page: string): string {
  return `${guides}/${page}`;
}
