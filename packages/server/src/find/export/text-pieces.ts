import type { LogEntry } from '@launchtail/client/protocol'
import { pulled } from '../../async/pulled.js'
import type { Piece } from './export-bytes.js'
import type { ExportFormat } from './formats.js'

export interface TextPiecesOptions {
  nodeId: string
  format: ExportFormat
  raw: boolean
}

/** The entries of one node, a page at a time, as they stand in the file. */
export function textPieces(
  pages: AsyncIterable<readonly LogEntry[]>,
  { nodeId, format, raw }: TextPiecesOptions,
): AsyncIterableIterator<Piece> {
  const source = pages[Symbol.asyncIterator]()
  let isFirst = true
  return pulled(async () => {
    const page = await source.next()
    if (page.done) return undefined
    let text = ''
    for (const entry of page.value) {
      text += format.entry(entry, { nodeId, raw, isOnly: true, first: isFirst })
      isFirst = false
    }
    return { bytes: new TextEncoder().encode(text), count: page.value.length }
  })
}
