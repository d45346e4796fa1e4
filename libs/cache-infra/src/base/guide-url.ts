const guides = 'https://github.com/nestjs-cache-infra/nestjs-cache-infra/blob/main/docs';

/** Where a page of the guides is: `guideUrl('security.md#redis')`. For messages: their readers do not have the repository. */
export function guideUrl(page: string): string {
  return `${guides}/${page}`;
}
