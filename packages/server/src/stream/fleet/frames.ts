import type { NodeRecord } from '@launchtail/client/protocol'
import { oneLine } from '../../logs/entry-text.js'
import { FORMATS } from '../formats.js'

const { event } = FORMATS.sse

/** Characters in one write to a reader that catches up. */
export const PAGE_TEXT = 128 * 1024

export function nodeFrame(node: NodeRecord): string {
  return event('node', oneLine(node))
}

export function deletedFrame(nodeId: string): string {
  return event('deleted', oneLine({ node_id: nodeId }))
}

/** Sent once, after the nodes that were there when the reader came. */
export function readyFrame(count: number, total: number): string {
  return event('ready', oneLine({ count, total: Math.max(count, total) }))
}

/** Frames joined to texts of a bounded size. */
export function* inPages(frames: readonly string[]): Generator<string> {
  let text = ''
  for (const frame of frames) {
    text += frame
    if (text.length <= PAGE_TEXT) continue
    yield text
    text = ''
  }
  yield text
}
