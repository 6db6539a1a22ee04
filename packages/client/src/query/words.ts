import { asciiHumpsOf } from './ascii-humps.js'
import type { Hump } from './hump.js'

export const RUN_CHARACTERS = '\\p{L}\\p{N}\\p{M}'
const RUN = new RegExp(`[${RUN_CHARACTERS}]+`, 'gu')
/** Digits never cut: `p4d`, `24xlarge` and `H100` stay whole. */
const HUMP = /(?<=\p{Ll})(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/u
const UPPER_INSIDE = /.\p{Lu}/u
/** Base64 and hashes are one word. */
const MOST_HUMPS = 8

/** The humps of a text, in order. */
export function humpsOf(text: string): Hump[] {
  const ascii = asciiHumpsOf(text, MOST_HUMPS)
  if (ascii) return ascii
  const humps: Hump[] = []
  for (const run of text.normalize('NFC').match(RUN) ?? []) {
    const parts = partsOf(run)
    for (const [i, part] of parts.entries()) {
      humps.push({ text: fold(part), last: i === parts.length - 1 })
    }
  }
  return humps
}

export interface PlacedHump extends Hump {
  /** Where it stands in the text. */
  readonly at: number
  readonly end: number
}

/** The same, with their places in the text as it is given. */
export function placedHumpsOf(text: string): PlacedHump[] {
  const humps: PlacedHump[] = []
  for (const { 0: run, index } of text.matchAll(RUN)) {
    const parts = partsOf(run)
    let at = index
    for (const [i, part] of parts.entries()) {
      const end = at + part.length
      humps.push({ text: fold(part.normalize('NFC')), last: i === parts.length - 1, at, end })
      at = end
    }
  }
  return humps
}

function partsOf(run: string): readonly string[] {
  if (!UPPER_INSIDE.test(run)) return [run]
  const parts = run.split(HUMP)
  return parts.length > MOST_HUMPS ? [run] : parts
}

/**
 * Without the difference between upper and lower case. Not NFKC, which can make several words of one
 * character. A final sigma is lowered by its neighbours, which a hump does not have.
 */
export function fold(text: string): string {
  return text.toLowerCase().replaceAll('ς', 'σ')
}
