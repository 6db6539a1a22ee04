import type { DoneEvent, ErrorEvent, GapEvent } from '@launchtail/client/protocol'
import { oneLine } from '../../logs/entry-text.js'
import { eventsOf } from '../../logs/events.js'
import type { EventPart, Item } from '../feed/item.js'

/**
 * The events of an entry with the node's id in their data, each as the text before its id. They are
 * kept at the entry: all readers of all streams that show it share them.
 */
export function partsOf(nodeId: string, item: Item): readonly EventPart[] {
  const { entry, frames } = item
  if (!entry) return NONE
  frames.merged ??= eventsOf(entry).map(({ event, data }) => {
    return { event, text: textOf(event, `{${idIn(nodeId)},${data.slice(1)}`) }
  })
  return frames.merged
}

const NONE: readonly EventPart[] = []

/** An event with its id. */
export function withId(text: string, id: string): string {
  return `${text}id: ${id}\n\n`
}

export function doneText(nodeId: string, done: DoneEvent): string {
  return ofNode('done', nodeId, done)
}

export function errorText(nodeId: string, error: ErrorEvent): string {
  return ofNode('error', nodeId, error)
}

/** Without a node: all of the stream begins anew. */
export function gapText(gap: GapEvent, nodeId?: string): string {
  return nodeId === undefined ? textOf('gap', oneLine(gap)) : ofNode('gap', nodeId, gap)
}

export function nodeText(nodeId: string, state: 'joined' | 'left'): string {
  return ofNode('node', nodeId, { state })
}

/** All nodes have ended: how many of them, and how. */
export function endText(nodes: Readonly<Record<string, number>>): string {
  return textOf('end', oneLine({ nodes }))
}

function ofNode(event: string, nodeId: string, data: object): string {
  return textOf(event, oneLine({ node_id: nodeId, ...data }))
}

function idIn(nodeId: string): string {
  return `"node_id":${JSON.stringify(nodeId)}`
}

function textOf(event: string, data: string): string {
  return `event: ${event}\ndata: ${data}\n`
}

/** Tells a reader, without an id, why its stream ends. */
export function overflowText(error: string): string {
  return `${textOf('error', oneLine({ error, details: '' }))}\n`
}
