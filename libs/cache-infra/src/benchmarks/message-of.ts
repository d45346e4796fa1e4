/** What an error says, whatever was thrown; also one of another realm, which is no `Error` here. */
export function messageOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'message' in error) return String(error.message);
  return String(error);
}
