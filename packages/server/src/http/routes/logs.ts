import { formatCursor, type LogEntry } from '@launchtail/client/protocol'
import type { FastifyInstance } from 'fastify'
import { HttpError, nodeNotFound } from '../../errors.js'
import type { ReadText } from '../../logs/entry-text.js'
import { type HistoryFilter, passes, readHistory } from '../../logs/history.js'
import { createLookBack, readInContext, UNKNOWN_TIME } from '../../logs/in-context.js'
import type { LogStore } from '../../logs/store.js'
import type { Registry } from '../../nodes/registry.js'
import { answerInPieces } from '../answer-pages.js'
import { EXPORTS, writeExport } from '../export.js'
import { historyBody, historyPieces } from '../history-body.js'
import { serve } from '../operation.js'
import { createWriter } from '../write-texts.js'

export interface LogsOptions {
  store: LogStore
  readText: ReadText
  registry: Registry
}

/** The log as JSON, and as a file. */
export function mountLogs(app: FastifyInstance, { registry, store, readText }: LogsOptions): void {
  const writeTexts = createWriter(readText)

  serve(app, {
    async getNodeLogs({ id, query, reply }) {
      refuseBoth(query)
      // A record costs more to read than the log, so it is read only where there is no log.
      if (!(await registry.isKnown(id))) throw nodeNotFound()
      const read = readerOf(id)
      const isFiltered = query.since !== undefined || query.level !== undefined
      const find = (texts: readonly string[], from: number) =>
        writeTexts(id, texts, () => read(texts, from), isFiltered ? passing : undefined)
      const excerpt = await readHistory({ store, readText, nodeId: id, find }, query)
      const { first, last, found, length } = excerpt
      const expired = length === 0 && (await hadEntries(id))
      return {
        answer: found
          ? historyBody(id, found)
          : answerInPieces(historyPieces(id, excerpt.pages()), reply.raw),
        headers: {
          'Log-First': first && formatCursor(first),
          'Log-Cursor': formatCursor(last),
          'Log-Expired': expired ? 'true' : undefined,
        },
      }

      function passing(entry: LogEntry): boolean {
        return passes(entry, query.since, query.level)
      }
    },

    async exportNodeLogs({ id, query, reply }) {
      refuseBoth(query)
      if (!(await registry.find(id))) throw nodeNotFound()
      const read = readerOf(id)
      const find = async (texts: readonly string[], from: number) =>
        (await read(texts, from)).map((entry) =>
          entry && passes(entry, query.since, query.level) ? entry : undefined,
        )
      const excerpt = await readHistory({ store, readText, nodeId: id, find }, query)
      const format = EXPORTS[query.format]
      const texts = writeExport(id, excerpt.pages(), { format, raw: query.raw })
      return reply
        .type(format.contentType)
        .header('Content-Disposition', `attachment; filename="${id}.${format.extension}"`)
        .send(answerInPieces(texts, reply.raw))
    },
  })

  /** Reads the texts of a node's list as entries. */
  function readerOf(nodeId: string) {
    const createdAt = async () => (await registry.find(nodeId))?.created_at ?? UNKNOWN_TIME
    const lookBack = createLookBack({ store, readText, nodeId, createdAt })
    return (texts: readonly string[], from: number) =>
      readInContext(texts, from, { readText, nodeId, lookBack })
  }

  /** True if the node once had entries, from which its phases are known. */
  async function hadEntries(nodeId: string): Promise<boolean> {
    const record = await registry.find(nodeId)
    if (!record) throw nodeNotFound()
    return record.phases.length > 0
  }
}

function refuseBoth({ before, after }: HistoryFilter): void {
  if (before && after) throw new HttpError(400, "'before' and 'after' exclude each other")
}
