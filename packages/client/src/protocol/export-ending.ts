import type { ExportFormat } from './queries.js'

/** What a file says at its end. */
export interface ExportEnding {
  readonly count: number
  /** False if the server said that there may be more. */
  readonly isComplete: boolean
  /** The SHA-256 of all that comes before the end, where the end has it. */
  readonly digest: string | undefined
  /** Bytes at the end that were asked for as a proof, and are no part of the file. */
  readonly length: number
}

/** No end is longer, in bytes. */
export const LONGEST_ENDING = 256

const ENDINGS: Readonly<Record<ExportFormat, RegExp>> = {
  ndjson: /(?<=^|\n)\{"count":(\d+),"complete":(true|false),"digest":"([0-9a-f]{64})"\}\n$/,
  csv: /(?<=\n)count,(\d+),,,,,([0-9a-f]{64})\r\n$/,
  json: /\n\],"count":(\d+),"complete":(true|false)\}\n$/,
  text: /(?<=^|\n)-- (\d+) entries(, and there may be more)?\n$/,
}

/** Reads the end of a file; undefined for one that was cut, as a proxy may do in order. */
export function endingIn(tail: Uint8Array, format: ExportFormat): ExportEnding | undefined {
  const match = ENDINGS[format].exec(new TextDecoder('latin1').decode(tail))
  if (!match) return undefined
  const [end, count, more = ''] = match
  const isProof = format === 'ndjson' || format === 'csv'
  return {
    count: Number(count),
    isComplete: format === 'csv' || more === (format === 'text' ? '' : 'true'),
    digest: format === 'csv' ? more : match[3],
    length: isProof ? end.length : 0,
  }
}
