/**
 * A schema of any library that follows Standard Schema v1 (https://standardschema.dev): zod, valibot, arktype and
 * others. It must validate synchronously.
 */
export interface ValueSchema {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    validate(value: unknown): SchemaResult | Promise<SchemaResult>;
  };
}

/** `issues`: undefined = the value fits. */
export interface SchemaResult {
  readonly issues?: readonly { readonly message: string }[] | undefined;
}
