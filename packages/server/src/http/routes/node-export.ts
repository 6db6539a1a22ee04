import { formatCursor, operations } from '@launchtail/client/protocol'
import type { FastifyInstance } from 'fastify'
import { nodeNotFound } from '../../errors.js'
import { excelWarning } from '../../find/export/excel.js'
import { EXPORTS } from '../../find/export/formats.js'
import { textPieces } from '../../find/export/text-pieces.js'
import { passingInTurns } from '../../find/in-turns.js'
import { hintOf, refuseBoth } from '../excerpts.js'
import { type Call, mount } from '../operation.js'
import { exportHeaders, resumptionIn, type SentExport, sendExport } from '../send-export.js'
import type { LogsOptions } from './logs.js'

type ExportCall = Pick<Call<typeof operations.exportNodeLogs>, 'id' | 'query' | 'find' | 'header'>

/** `GET /admin/nodes/{id}/logs/export`, and its HEAD: the log of one node as a file. */
export function mountNodeExport(
  app: FastifyInstance,
  { registry, excerpts }: Pick<LogsOptions, 'registry' | 'excerpts'>,
): void {
  const { passingOf, excerptOf, readerOf } = excerpts
  const operation = operations.exportNodeLogs
  mount(app, operation, async (call) => {
    const { excerpt, sent } = await beginExport(call)
    const { format, layout } = sent
    const { id: nodeId } = call
    const pieces = textPieces(excerpt.pages(), { nodeId, format, raw: layout.raw })
    return sendExport(call, pieces, sent)
  })
  mount(app, { ...operation, method: 'HEAD' } as const, async (call) => {
    const { sent } = await beginExport(call)
    return call.reply.headers(exportHeaders(sent)).send()
  })

  async function beginExport({ id, query, find, header }: ExportCall) {
    refuseBoth(query)
    const resumption = resumptionIn(header, query)
    if (!(await registry.find(id))) throw nodeNotFound()
    const passing = await passingOf(id, query, find)
    const { excerpt, isExpired } = await excerptOf(id, query, (log) => {
      const read = readerOf(id, log)
      return async (texts, from) => {
        const entries = await read(texts, from)
        return passing ? passingInTurns(entries, passing) : entries
      }
    })
    const { format, raw, bom, trailer, gzip } = query
    const { first, last, found } = excerpt
    const looked = first ? last.index - first.index + 1 : 0
    const count = found?.length ?? (passing ? undefined : looked)
    const sent: SentExport = {
      format: EXPORTS[format],
      layout: { nodeId: id, raw, bom, trailer },
      gzip,
      name: id,
      isComplete: true,
      resumption,
      headers: {
        'Log-Cursor': formatCursor(last),
        'Log-Expired': isExpired ? 'true' : undefined,
        'Log-Warning': excelWarning(format, count),
        'Query-Hint': hintOf(find),
      },
    }
    return { excerpt, sent }
  }
}
