import type { ServerResponse } from 'node:http'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { FLEET_SIZE, type NodeRecord } from '@launchtail/client/protocol'
import { stopping } from '../errors.js'
import { oneLine } from '../logs/entry-text.js'
import type { Registry } from '../nodes/registry.js'
import { FORMATS } from './formats.js'
import { endEvenly, lifetimeOf, retryOf } from './lifetime.js'
import { framed, type Outlet, openOutlet } from './outlet.js'

/**
 * From the nodes' records to all who watch the fleet.
 *
 * What has changed is kept as the newest state of each node, in the order of the changes, as long
 * as a reader lacks it. So a reader is a number, the last change it has been sent; one that is slow
 * is passed over and later gets what then is the newest state of each node, and no reader costs
 * more than what its socket holds.
 */
export interface Fleet {
  /** Sends the nodes of now and then each change. `accept` gives the answer, its head written. */
  open(accept: () => ServerResponse): Promise<void>
  /** How many readers there are. */
  readers(): number
  /** Ends all streams, evenly over so many milliseconds. */
  drain(over: number): Promise<void>
}

export interface FleetOptions {
  registry: Pick<Registry, 'list' | 'records' | 'count' | 'watch'>
  /** Milliseconds between heartbeats. */
  heartbeat: number
  /** Milliseconds until a stream is ended, to be opened anew; a tenth more or less. */
  timeout: number
  onFault: (message: string, error: unknown) => void
  random?: () => number
  now?: () => number
}

/** Milliseconds between two events of a node. */
const PAUSE = 250
/** Records that are read and sent in one step. */
const PAGE = 100
/** What goes out in one write to a reader that catches up, in characters. */
const PAGE_TEXT = 128 * 1024
const TICK = 1000

interface Reader {
  readonly outlet: Outlet
  /** The last change it has been sent. */
  seen: number
  /** Whether it has been sent the nodes that were there when it came. */
  ready: boolean
  ended: boolean
  /** Called when its socket takes more again, or it has gone. */
  onRoom: () => void
  beatAt: number
  readonly endAt: number
}

export function createFleet({
  registry,
  heartbeat,
  timeout,
  onFault,
  random = Math.random,
  now = () => performance.now(),
}: FleetOptions): Fleet {
  const readers = new Set<Reader>()
  /** Changes that a reader may lack, the oldest first. */
  const changes = new Map<string, { number: number; frame: string }>()
  let newest = 0
  /** Nodes whose records have changed since they were read last. */
  const changed = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  let sending = false
  let sentAt = Number.NEGATIVE_INFINITY
  let draining = false
  const unwatch = registry.watch(onChange)
  const ticker = setInterval(tick, Math.min(TICK, heartbeat / 4))
  ticker.unref()
  return { open, readers: () => readers.size, drain }

  async function open(accept: () => ServerResponse): Promise<void> {
    if (draining) throw stopping()
    // What can fail fails before the first byte.
    const total = await registry.count()
    const response = accept()
    const reader: Reader = {
      outlet: openOutlet(response, () => proceed(reader)),
      seen: newest,
      ready: false,
      ended: false,
      onRoom: () => {},
      beatAt: now() + heartbeat,
      endAt: now() + lifetimeOf(timeout, random),
    }
    readers.add(reader)
    response.on('close', () => remove(reader))
    say(reader, `: nodes\n${FORMATS.sse.retry(retryOf(random))}`)
    // It ends when the reader has read it all, which may be never.
    void begin(reader, total)
  }

  /** Sends the nodes of now, as fast as they are read. */
  async function begin(reader: Reader, total: number): Promise<void> {
    let count = 0
    let cursor: string | undefined
    try {
      do {
        const limit = Math.min(PAGE, FLEET_SIZE - count)
        const before = newest
        const page = await registry.list({ limit, cursor })
        for (const node of page.nodes) renew(node, reader.seen, before)
        for (const text of inPages(page.nodes.map(frameOf))) {
          say(reader, text)
          if (!reader.ended && !reader.outlet.hasRoom()) await room(reader)
        }
        count += page.nodes.length
        cursor = page.cursor
      } while (cursor !== undefined && count < FLEET_SIZE && !reader.ended)
      const { event } = FORMATS.sse
      say(reader, event('ready', oneLine({ count, total: Math.max(count, total) })))
      reader.ready = true
      catchUp(reader)
    } catch (error) {
      onFault('reading the nodes for a stream', error)
      end(reader, '')
    }
  }

  /**
   * What a reader has just been sent of a node must not be followed by an older state, that of a
   * change which came before it was read and which the reader lacks.
   */
  function renew(node: NodeRecord, seen: number, before: number): void {
    const change = changes.get(node.node_id)
    if (change && change.number > seen && change.number <= before) change.frame = frameOf(node)
  }

  function room(reader: Reader): Promise<void> {
    return new Promise((resolve) => {
      reader.onRoom = resolve
    })
  }

  function proceed(reader: Reader): void {
    reader.onRoom()
    if (reader.ready) catchUp(reader)
  }

  // --- Changes ----------------------------------------------------------------------------------

  function onChange(nodeId: string): void {
    if (readers.size === 0) return
    changed.add(nodeId)
    schedule()
  }

  function schedule(): void {
    if (sending) return
    timer ??= setTimeout(() => void send(), Math.max(0, sentAt + PAUSE - now()))
  }

  /** Reads what has changed and sends it, each node once. */
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
    trim()
    if (changed.size > 0) schedule()
  }

  async function publish(nodeIds: readonly string[]): Promise<void> {
    const nodes = new Map<string, NodeRecord>()
    for (const node of await registry.records(nodeIds)) nodes.set(node.node_id, node)
    const before = newest
    let text = ''
    for (const nodeId of nodeIds) {
      const node = nodes.get(nodeId)
      const frame = node ? frameOf(node) : deletedFrame(nodeId)
      newest += 1
      // Deleted first, so that it goes to the end.
      changes.delete(nodeId)
      changes.set(nodeId, { number: newest, frame })
      text += frame
    }
    const buffers = new Map<boolean, Buffer>()
    for (const reader of readers) {
      if (!reader.ready || !reader.outlet.hasRoom()) continue
      if (reader.seen < before || text.length > PAGE_TEXT) catchUp(reader)
      else {
        const { chunked } = reader.outlet
        const buffer = buffers.get(chunked) ?? framed(text, chunked)
        buffers.set(chunked, buffer)
        reader.outlet.write(buffer)
        reader.seen = newest
      }
    }
  }

  /** Sends what a reader lacks, as far as its socket takes it. */
  function catchUp(reader: Reader): void {
    while (!reader.ended && reader.seen < newest && reader.outlet.hasRoom()) {
      let text = ''
      for (const { number, frame } of changes.values()) {
        if (number <= reader.seen) continue
        text += frame
        reader.seen = number
        if (text.length > PAGE_TEXT) break
      }
      say(reader, text)
    }
  }

  /** Forgets the changes that every reader has been sent. */
  function trim(): void {
    const seen = Math.min(newest, ...[...readers].map((reader) => reader.seen))
    for (const [nodeId, { number }] of changes) {
      if (number > seen) break
      changes.delete(nodeId)
    }
  }

  // --- Time and endings -------------------------------------------------------------------------

  function tick(): void {
    const time = now()
    for (const reader of [...readers]) {
      if (time >= reader.endAt) end(reader, '')
      else if (reader.outlet.isStalled(time)) reader.outlet.destroy()
      else if (time >= reader.beatAt && reader.outlet.hasRoom()) {
        reader.beatAt = time + heartbeat
        say(reader, ': alive\n\n')
      }
    }
  }

  async function drain(over: number): Promise<void> {
    draining = true
    unwatch()
    clearTimeout(timer)
    await endEvenly(readers, over, {
      end: (reader, retry) => end(reader, FORMATS.sse.retry(retry)),
      random,
    })
    clearInterval(ticker)
  }

  function say({ ended, outlet }: Reader, text: string): void {
    if (!ended && text !== '') outlet.write(framed(text, outlet.chunked))
  }

  function end(reader: Reader, text: string): void {
    if (reader.ended) return
    say(reader, text)
    remove(reader)
    reader.outlet.end()
  }

  function remove(reader: Reader): void {
    reader.ended = true
    reader.onRoom()
    if (!readers.delete(reader)) return
    if (readers.size === 0) changed.clear()
    trim()
  }
}

/** Frames joined to texts of a bounded size. */
function* inPages(frames: readonly string[]): Generator<string> {
  let text = ''
  for (const frame of frames) {
    text += frame
    if (text.length <= PAGE_TEXT) continue
    yield text
    text = ''
  }
  yield text
}

function frameOf(node: NodeRecord): string {
  return FORMATS.sse.event('node', oneLine(node))
}

function deletedFrame(nodeId: string): string {
  return FORMATS.sse.event('deleted', oneLine({ node_id: nodeId }))
}
