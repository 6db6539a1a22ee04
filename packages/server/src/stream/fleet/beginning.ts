import { FLEET_SIZE } from '@launchtail/client/protocol'
import type { Registry } from '../../nodes/registry.js'
import type { Readers } from '../readers.js'
import type { FleetChanges } from './changes.js'
import { inPages, nodeFrame, readyFrame } from './frames.js'
import { catchUp, type FleetReader, roomOf } from './reader.js'

export interface FleetBeginningOptions {
  registry: Pick<Registry, 'list'>
  changes: FleetChanges
  readers: Readers<FleetReader>
  onFault: (message: string, error: unknown) => void
}

/** Records that are read and sent in one step. */
const PAGE = 100

/** Sends a new reader the nodes of now, as fast as they are read, then what has changed meanwhile. */
export function createFleetBeginning(options: FleetBeginningOptions) {
  const { registry, changes, readers, onFault } = options
  const { say, end } = readers
  return begin

  async function begin(reader: FleetReader, total: number): Promise<void> {
    try {
      const count = await sendAll(reader)
      say(reader, readyFrame(count, total))
      reader.ready = true
      catchUp(reader, changes, readers)
    } catch (error) {
      onFault('reading the nodes for a stream', error)
      end(reader)
    }
  }

  async function sendAll(reader: FleetReader): Promise<number> {
    let count = 0
    let cursor: string | undefined
    do {
      const limit = Math.min(PAGE, FLEET_SIZE - count)
      const before = changes.newest()
      const page = await registry.list({ limit, cursor }, undefined, reader.view?.only)
      for (const { node_id } of page.nodes) reader.view?.shown.add(node_id)
      for (const node of page.nodes) changes.renew(node, reader.seen, before)
      for (const text of inPages(page.nodes.map(nodeFrame))) {
        say(reader, text)
        if (!reader.ended && !reader.outlet.hasRoom()) await roomOf(reader)
      }
      count += page.nodes.length
      cursor = page.cursor
    } while (cursor !== undefined && count < FLEET_SIZE && !reader.ended)
    return count
  }
}
