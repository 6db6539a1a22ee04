import { type AnswerOf, formatCursor, type Operations } from '@launchtail/client/protocol'
import type { FastifyInstance } from 'fastify'
import { nodeNotFound } from '../../errors.js'
import { type ReadText, writeEntry } from '../../logs/entry-text.js'
import { type HistoryOptions, passes, readHistory } from '../../logs/history.js'
import type { Registry } from '../../nodes/registry.js'
import { exportLog } from '../export.js'
import { type Json, serve } from '../operation.js'

export interface LogsOptions extends Omit<HistoryOptions, 'nodeId'> {
  registry: Registry
}

/** The log as JSON, and as a file. */
export function mountLogs(app: FastifyInstance, { registry, ...source }: LogsOptions): void {
  const { readText } = source
  const forward = createForwarder(readText)

  serve(app, {
    async getNodeLogs({ id, query }) {
      // A record costs more to read than the log, so it is read only where there is no log.
      if (!(await registry.isKnown(id))) throw nodeNotFound()
      const isFiltered = query.since !== undefined || query.level !== undefined
      const { found, cursor, length } = await readHistory(
        { ...source, nodeId: id },
        query,
        isFiltered ? passing : (text) => forward(text, id),
      )
      const expired = length === 0 && (await hadEntries(id))
      return {
        answer: historyBody(id, found),
        headers: {
          'Log-Cursor': formatCursor(cursor),
          'Log-Expired': expired ? 'true' : undefined,
        },
      }

      function passing(text: string): string | undefined {
        const entry = readText(text, id)
        return entry && passes(entry, query.since, query.level) ? writeEntry(entry) : undefined
      }
    },

    async exportNodeLogs({ id, query, reply }) {
      if (!(await registry.find(id))) throw nodeNotFound()
      const { found } = await readHistory({ ...source, nodeId: id }, query, (text, index) => {
        const entry = readText(text, id)
        return entry && passes(entry, query.since, query.level) ? { index, entry } : undefined
      })
      const { contentType, extension, body } = exportLog(id, found, query)
      return reply
        .type(contentType)
        .header('Content-Disposition', `attachment; filename="${id}.${extension}"`)
        .send(body)
    },
  })

  /** True if the node once had entries, from which its phases are known. */
  async function hadEntries(nodeId: string): Promise<boolean> {
    const record = await registry.find(nodeId)
    if (!record) throw nodeNotFound()
    return record.phases.length > 0
  }
}

type Logs = AnswerOf<Operations['getNodeLogs']>

/** In the specification's order. The texts are JSON already. */
function historyBody(nodeId: string, logs: readonly string[]): Json<Logs> {
  const empty: Logs = { node_id: nodeId, count: logs.length, logs: [] }
  const head = JSON.stringify(empty).slice(0, -']}'.length)
  return `${head}${logs.join(',')}]}` as Json<Logs>
}

/** Characters of texts that are remembered: some 16,000 entries. */
const REMEMBERED = 4 * 1024 * 1024

/**
 * Gives a stored text as it is sent. Reading an entry and writing it again costs ten times as much
 * as looking it up, and a log that was asked for is soon asked for again.
 */
function createForwarder(readText: ReadText) {
  /** By node, since what is secret in a text depends on the node's launch. */
  const byNode = new Map<string, Map<string, string | undefined>>()
  let size = 0
  return (text: string, nodeId: string): string | undefined => {
    const known = byNode.get(nodeId) ?? new Map<string, string | undefined>()
    const before = known.get(text)
    if (before !== undefined || known.has(text)) return before
    const entry = readText(text, nodeId)
    const written = entry && writeEntry(entry)
    size += text.length
    if (size > REMEMBERED) {
      byNode.clear()
      known.clear()
      size = text.length
    }
    // Nearly always the same text, which is then kept once.
    byNode.set(nodeId, known)
    known.set(text, written === text ? text : written)
    return written
  }
}
