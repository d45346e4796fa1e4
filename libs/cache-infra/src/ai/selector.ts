/**
 * Which answers to forget: those that fulfil all conditions. `tags` stands alone and means answers with any of them; to
 * narrow a tag to a tenant, put the tenant into the tag.
 */
export interface AiSelector {
  readonly operation?: string | undefined;
  /** The model of the request. */
  readonly model?: string | undefined;
  readonly promptVersion?: string | number | undefined;
  readonly tenant?: string | number | undefined;
  readonly tags?: readonly string[] | undefined;
}
