import { containers } from './containers.js'
import type { Envelope, Said } from './envelope.js'
import { processes } from './processes.js'
import { ranks } from './ranks.js'
import { times } from './times.js'

export type { Envelope, Place, Said, Writer } from './envelope.js'

/** Where several fit, the first counts. */
export const ENVELOPES: readonly Envelope[] = [...processes, ...containers, ...ranks, ...times]

export interface Opened extends Said {
  /** The line without the envelope. */
  readonly text: string
  readonly envelope: Envelope
}

/** Takes the outermost envelope off; undefined where there is none. */
export function open(line: string): Opened | undefined {
  const candidates = BY_FIRST[line.charCodeAt(0)]
  if (!candidates) return undefined
  for (const envelope of candidates) {
    if (envelope.holds !== undefined && !line.includes(envelope.holds)) continue
    const match = envelope.when.exec(line)
    if (!match) continue
    const said = envelope.said(match.groups ?? {}, match)
    return { ...said, text: line.slice(match[0].length), envelope }
  }
  return undefined
}

/** Most lines begin with a character with which no envelope does. */
const BY_FIRST: (readonly Envelope[] | undefined)[] = Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code)
  const found = ENVELOPES.filter(({ first }) => first.includes(character))
  return found.length > 0 ? found : undefined
})
