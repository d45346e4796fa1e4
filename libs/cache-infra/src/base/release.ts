/** The release of this library: the `version` of its package.json. */
export const release = '0.1.0';
