import type { Draft, NodeRecord } from '@launchtail/client/protocol'
import { createMutex } from '../../async/mutex.js'
import { HttpError, nodeNotFound } from '../../errors.js'
import type { Appender } from '../../logs/appender.js'
import type { LogStore } from '../../logs/store.js'
import type { Launches } from '../launches.js'
import type { Registry } from '../registry.js'
import { type End, endEntry } from './end-entry.js'
import { foundEntry, isLost } from './lost.js'

/** Ends launches that other programs make. This server ends its own: see `launch/finish.ts`. */
export interface Ends {
  /**
   * Ends or activates the node's launch and returns the node. A launch that is over stays as it is,
   * except that a lost one may have failed otherwise, and a node that failed may be active after all.
   * Throws 409 for a launch of this server.
   */
  set(nodeId: string, end: End): Promise<NodeRecord>
  /** The same, if the launch is under way and `still` holds at the last moment. */
  setWhile(nodeId: string, still: () => boolean, end: End): Promise<void>
  /** The launch goes on if it was believed to be lost. Returns true if it was. */
  revive(nodeId: string): Promise<boolean>
}

export interface EndsOptions {
  registry: Pick<Registry, 'find'>
  store: Pick<LogStore, 'read'>
  appender: Pick<Appender, 'append'>
  launches: Pick<Launches, 'isRunning'>
}

export function createEnds({ registry, store, appender, launches }: EndsOptions): Ends {
  const locked = createMutex()
  return { set, setWhile, revive }

  function set(nodeId: string, end: End): Promise<NodeRecord> {
    return locked(nodeId, async () => {
      await refuseOwn(nodeId)
      const node = await recordOf(nodeId)
      const drafts = await entriesFor(node, end)
      if (drafts.length === 0) return node
      await appender.append(nodeId, drafts)
      return recordOf(nodeId)
    })
  }

  function setWhile(nodeId: string, still: () => boolean, end: End): Promise<void> {
    return locked(nodeId, async () => {
      const draft = await endEntry(end, { nodeId, store })
      const { status } = await recordOf(nodeId)
      if (status !== 'launching' || (await launches.isRunning(nodeId)) || !still()) return
      await appender.append(nodeId, [draft])
    })
  }

  function revive(nodeId: string): Promise<boolean> {
    return locked(nodeId, async () => {
      const node = await recordOf(nodeId)
      if (!isLost(node)) return false
      await appender.append(nodeId, [foundEntry(node)])
      return true
    })
  }

  async function entriesFor(node: NodeRecord, end: End): Promise<Draft[]> {
    const { node_id: nodeId, status, endpoint } = node
    const differs =
      end.status === 'active' && end.endpoint !== undefined && end.endpoint !== endpoint
    if (status === 'active' && differs && endpoint !== undefined) {
      throw new HttpError(409, `node ${nodeId} is active at ${endpoint} already`)
    }
    const draft = () => endEntry(end, { nodeId, store })
    if (isLost(node) && end.status === 'failed') return [foundEntry(node), await draft()]
    if (status === end.status) return differs ? [await draft()] : []
    if (status === 'terminated' && end.status === 'failed') return []
    return [await draft()]
  }

  async function refuseOwn(nodeId: string): Promise<void> {
    if (!(await launches.isRunning(nodeId))) return
    throw new HttpError(
      409,
      `node ${nodeId} was launched by this server, which ends it itself; terminate it instead`,
    )
  }

  async function recordOf(nodeId: string): Promise<NodeRecord> {
    const node = await registry.find(nodeId)
    if (!node) throw nodeNotFound()
    return node
  }
}
