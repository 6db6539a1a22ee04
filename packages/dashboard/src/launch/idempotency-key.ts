/**
 * A key under which a request takes effect once, however often it is sent. Not a UUID: a browser
 * makes those only where the page came over HTTPS.
 */
export function makeIdempotencyKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')
}
