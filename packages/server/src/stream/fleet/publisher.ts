import { setImmediate as nextTurn } from 'node:timers/promises'
import type { NodeRecord } from '@launchtail/client/protocol'
import type { Registry } from '../../nodes/registry.js'
import { framed } from '../outlet.js'
import type { Readers } from '../readers.js'
import type { FleetChanges } from './changes.js'
import { deletedFrame, nodeFrame, PAGE_TEXT } from './frames.js'
import { catchUp, type FleetReader } from './reader.js'

/** Reads the nodes that have changed, and sends each once to all readers that have the rest. */
export interface FleetPublisher {
  changed(nodeId: string): void
  /** Nobody is there to be told. */
  forget(): void
  stop(): void
}

export interface FleetPublisherOptions {
  registry: Pick<Registry, 'records'>
  changes: FleetChanges
  readers: Readers<FleetReader>
  /** Called when all that has changed was sent. */
  onSent: () => void
  onFault: (message: string, error: unknown) => void
  now: () => number
}

/** Milliseconds between two events of a node. */
const PAUSE = 250
/** Records that are read and sent in one step. */
const PAGE = 100

export function createFleetPublisher(options: FleetPublisherOptions): FleetPublisher {
  const { registry, changes, readers, onSent, onFault, now } = options
  /** Nodes whose records have changed since they were read last. */
  const changed = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  let sending = false
  let sentAt = Number.NEGATIVE_INFINITY
  return {
    changed(nodeId) {
      changed.add(nodeId)
      schedule()
    },
    forget: () => changed.clear(),
    stop: () => clearTimeout(timer),
  }

  function schedule(): void {
    if (sending) return
    timer ??= setTimeout(() => void send(), Math.max(0, sentAt + PAUSE - now()))
  }

  async function send(): Promise<void> {
    timer = undefined
    sending = true
    const nodeIds = [...changed]
    changed.clear()
    try {
      while (nodeIds.length > 0) {
        const page = nodeIds.slice(0, PAGE)
        await publish(page)
        nodeIds.splice(0, page.length)
        await nextTurn()
      }
    } catch (error) {
      onFault('reading the nodes that have changed', error)
      for (const nodeId of nodeIds) changed.add(nodeId)
    }
    sentAt = now()
    sending = false
    onSent()
    if (changed.size > 0) schedule()
  }

  async function publish(nodeIds: readonly string[]): Promise<void> {
    const nodes = new Map<string, NodeRecord>()
    for (const node of await registry.records(nodeIds)) nodes.set(node.node_id, node)
    const before = changes.newest()
    let text = ''
    for (const nodeId of nodeIds) {
      const node = nodes.get(nodeId)
      const frame = node ? nodeFrame(node) : deletedFrame(nodeId)
      changes.add(nodeId, frame, node)
      text += frame
    }
    sendToAll(text, before)
  }

  /** One Buffer for all readers that have seen everything up to `before`; the others catch up. */
  function sendToAll(text: string, before: number): void {
    const buffers = new Map<boolean, Buffer>()
    for (const reader of readers.all) {
      if (!reader.ready || !reader.outlet.hasRoom()) continue
      const isAlone = reader.view !== undefined || reader.seen < before
      if (isAlone || text.length > PAGE_TEXT) catchUp(reader, changes, readers)
      else {
        const { chunked } = reader.outlet
        const buffer = buffers.get(chunked) ?? framed(text, chunked)
        buffers.set(chunked, buffer)
        reader.outlet.write(buffer)
        reader.seen = changes.newest()
      }
    }
  }
}
