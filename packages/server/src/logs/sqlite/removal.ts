import type { WriteStatements } from './statements.js'

export interface Removal {
  /** Removes the node's list, its offsets and its kept replies. */
  remove(nodeId: string): void
  /** Removes a list alone; its entries are deleted later. */
  bury(id: number): void
}

/** Each call is made within a transaction. */
export function createRemoval(write: WriteStatements): Removal {
  return { remove, bury }

  function remove(nodeId: string): void {
    const list = write.list.get(nodeId) as { id: number } | undefined
    if (list) bury(list.id)
    write.dropOffsets.run(nodeId)
    write.dropReplies.run(nodeId)
  }

  function bury(id: number): void {
    write.bury.run(id)
    write.dropList.run(id)
  }
}
