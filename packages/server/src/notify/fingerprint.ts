/** The longest message of which a fingerprint takes account. */
const LOOKED_AT = 1024

/**
 * Parts of a message that differ from one time to the next: quoted texts, addresses and paths, ids, numbers
 * with their units. In this order, because each is a part of those before it.
 */
const VARIABLE: readonly RegExp[] = [
  /"[^"]{0,256}"|'[^']{0,256}'|`[^`]{0,256}`/g,
  /\b[a-z][a-z0-9+.-]{1,15}:\/\/[^\s,;)\]]{1,512}/gi,
  /(?<![\w.])(?:[A-Za-z]:)?(?:[\\/][\w.@%+~=-]{1,128}){2,32}[\\/]?/g,
  /\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b/gi,
  /\b(?:0x[0-9a-f]{1,32}|(?=[0-9a-f]*\d)[0-9a-f]{7,64})\b/gi,
  /\d+(?:[.,:]\d+)*/g,
]

/** The same for messages that say the same of other things. */
export function fingerprintOf(message: string): string {
  const text = message.slice(0, LOOKED_AT).toLowerCase()
  const blanked = VARIABLE.reduce((rest, part) => rest.replace(part, '#'), text)
  return blanked.replace(/\s+/g, ' ').trim()
}
