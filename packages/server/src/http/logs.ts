import { formatCursor, operations } from '@launchtail/client/protocol'
import type { FastifyInstance } from 'fastify'
import { nodeNotFound } from '../errors.js'
import { writeEntry } from '../logs/entry-text.js'
import type { Registry } from '../nodes/registry.js'
import { exportLog } from './export.js'
import { type Found, type HistoryOptions, readHistory } from './history.js'
import { mount } from './operation.js'

export interface LogsOptions extends Omit<HistoryOptions, 'nodeId'> {
  registry: Registry
}

/** The log as JSON, and as a file. */
export function mountLogs(app: FastifyInstance, { registry, ...source }: LogsOptions): void {
  mount(app, operations.getNodeLogs, async ({ id, query, reply }) => {
    const record = await registry.find(id)
    if (!record) throw nodeNotFound()
    const { found, cursor, length } = await readHistory({ ...source, nodeId: id }, query)
    reply.header('Log-Cursor', formatCursor(cursor))
    // It had entries once: its phases are known from them.
    if (length === 0 && record.phases.length > 0) reply.header('Log-Expired', 'true')
    return reply.type('application/json; charset=utf-8').send(historyBody(id, found))
  })

  mount(app, operations.exportNodeLogs, async ({ id, query, reply }) => {
    if (!(await registry.find(id))) throw nodeNotFound()
    const { found } = await readHistory({ ...source, nodeId: id }, query)
    const { contentType, extension, body } = exportLog(id, found, query)
    return reply
      .type(contentType)
      .header('Content-Disposition', `attachment; filename="${id}.${extension}"`)
      .send(body)
  })
}

/** In the specification's order, from texts that are JSON already. */
function historyBody(nodeId: string, found: readonly Found[]): string {
  const logs = found.map(({ entry }) => writeEntry(entry)).join(',')
  return `{"node_id":${JSON.stringify(nodeId)},"count":${found.length},"logs":[${logs}]}`
}
