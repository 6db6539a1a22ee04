/** Only the first characters of a message count. */
const LOOKED_AT = 1024

/**
 * Variable parts of messages: quoted texts, URLs and paths, ids, numbers. The order matters, because each can
 * occur within those before it.
 */
const VARIABLE: readonly RegExp[] = [
  /"[^"]{0,256}"|'[^']{0,256}'|`[^`]{0,256}`/g,
  /\b[a-z][a-z0-9+.-]{1,15}:\/\/[^\s,;)\]]{1,512}/gi,
  /(?<![\w.])(?:[A-Za-z]:)?(?:[\\/][\w.@%+~=-]{1,128}){2,32}[\\/]?/g,
  /\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b/gi,
  /\b(?:0x[0-9a-f]{1,32}|(?=[0-9a-f]*\d)[0-9a-f]{7,64})\b/gi,
  /\d+(?:[.,:]\d+)*/g,
]

/** Equal for messages that differ only in variable parts. */
export function fingerprintOf(message: string): string {
  const text = message.slice(0, LOOKED_AT).toLowerCase()
  const blanked = VARIABLE.reduce((rest, part) => rest.replace(part, '#'), text)
  return blanked.replace(/\s+/g, ' ').trim()
}
