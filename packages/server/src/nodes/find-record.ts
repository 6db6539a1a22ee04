import type { NodeRecord } from '@launchtail/client/protocol'
import type { LogStore } from '../logs/store.js'
import type { RecordWriter } from './record-writer/index.js'
import type { Row } from './rows.js'

export interface FinderOptions {
  store: Pick<LogStore, 'length'>
  writer: Pick<RecordWriter, 'write' | 'catchUpNode'>
  rowOf: (nodeId: string) => Promise<Row | undefined>
  recordOf: (row: Row) => Promise<NodeRecord>
  /** True if other servers write the records, too. */
  isShared: boolean
}

/** Reads one record, with what is still to be stored of it: see `Registry`. */
export function createFinder({ store, writer, rowOf, recordOf, isShared }: FinderOptions) {
  return { get, find }

  async function get(nodeId: string): Promise<NodeRecord | undefined> {
    await writer.write(nodeId)
    const row = await rowOf(nodeId)
    return row && (await recordOf(row))
  }

  async function find(nodeId: string, given = 0): Promise<NodeRecord | undefined> {
    await writer.write(nodeId)
    const row = await rowOf(nodeId)
    // Another server may be about to store what was appended through it.
    const length = isShared && row ? Math.max(given, await store.length(nodeId)) : given
    if (row && row.folded >= length) return recordOf(row)
    if (!row && (await store.length(nodeId)) === 0) return undefined
    await writer.catchUpNode(nodeId)
    return get(nodeId)
  }
}
