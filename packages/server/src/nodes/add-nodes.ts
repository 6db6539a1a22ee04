import type { Mutex } from '../async/mutex.js'
import type { Database } from '../database/open.js'
import { addNode, type NewNode } from './add-node.js'
import type { Ownership } from './ownership.js'
import type { RecordWriter } from './record-writer/index.js'

export interface AddingOptions {
  database: Database
  ownership: Pick<Ownership, 'claim'> | undefined
  writer: Pick<RecordWriter, 'write'>
  locked: Mutex
  redact: (text: string) => string
  notify: (nodeId: string) => void
  now: () => Date
}

/** Adds nodes, all of them in one transaction. */
export function createAdding(options: AddingOptions) {
  const { database, ownership, writer, locked, redact, notify, now } = options
  return async (nodes: readonly NewNode[]): Promise<void> => {
    const nodeIds = nodes.map(({ nodeId }) => nodeId)
    for (const nodeId of nodeIds) {
      await ownership?.claim(nodeId)
      await writer.write(nodeId)
    }
    await locked(nodeIds, () =>
      database.transaction().execute(async (transaction) => {
        for (const node of nodes) {
          await addNode(node, { transaction, redact, time: now().toISOString() })
          await node.alongside?.(transaction)
        }
      }),
    )
    for (const { nodeId, about } of nodes) {
      notify(nodeId)
      if (about.relaunch_of !== undefined) notify(about.relaunch_of)
    }
  }
}
