import type { LogEntry, NodeRecord } from '@launchtail/client/protocol'
import type { Query } from '@launchtail/client/query'
import { forRecords, NOT_OF_RECORDS } from './record-query.js'

/** Like `createNodeTest`, for the API's records. Relative times count from each call. */
export async function createRecordTest(query: Query): Promise<(record: NodeRecord) => boolean> {
  const { predicateOf } = await import('@launchtail/client/query')
  const expression = forRecords(query.expression, { of: 'nodes', without: NOT_OF_RECORDS })
  if (query.isRelative) {
    return (record) => predicateOf(expression, { now: Date.now() })(asEntry(record), record)
  }
  const predicate = predicateOf(expression, { now: 0 })
  return (record) => predicate(asEntry(record), record)
}

/** A record as an entry, with the phase, progress and message of its newest one. */
function asEntry(record: NodeRecord): LogEntry {
  const { node_id, cluster_name, name = '', model, gpu, region, provider, message } = record
  const words = [node_id, cluster_name, name, model, gpu, region, provider, message]
  const { updated_at: timestamp, phase, progress } = record
  return { timestamp, level: 'info', message: words.join('\n'), phase, progress }
}
