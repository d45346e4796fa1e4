/**
 * Selects the answers to invalidate: those that match all conditions. `tags` selects answers with any of the tags and
 * cannot be combined with other conditions; to restrict a tag to a tenant, put the tenant into the tag.
 */
export interface AiSelector {
  readonly operation?: string | undefined;
  /** The model of the request. */
  readonly model?: string | undefined;
  readonly promptVersion?: string | number | undefined;
  readonly tenant?: string | number | undefined;
  readonly tags?: readonly string[] | undefined;
  /** The key of one answer: `key` of its result, or of `explain`. Not together with other conditions. */
  readonly key?: string | undefined;
}
