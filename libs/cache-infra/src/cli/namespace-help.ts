/** Help of `--namespace`, for the commands that look at the entries of a cache. */
export const namespaceHelp = `  --namespace <name>   the namespace (default: the root); repeat it for nested ones. 'http' for HttpCacheInterceptor;
                       'vary.user' for methods with vary: ['user'], whose keys are <user>#<key>; 'vary.tenant,user' and
                       <tenant>&<user>#<key> for several facts, sorted by name; values are percent-encoded`;
