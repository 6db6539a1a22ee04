import type { ScopedRecord } from '../model.js'
import { NAMING, namesIn } from './node-finder.js'

/** The records of a request that are not taken, and why, for whoever runs the sender. */
export interface LeftOut {
  /** Adds one that no node is known for. */
  add(one: ScopedRecord): void
  /** Adds those of a node that was deleted while they were taken in. */
  deleted(count: number): void
  count(): number
  why(): string
}

/** `node` is the name in the request's header, if there is one. */
export function createLeftOut(node: string | undefined): LeftOut {
  /** The attributes that could name a node. */
  const seen = new Set<string>()
  let unknown = 0
  let deleted = 0
  return {
    add({ resource, record }) {
      unknown += 1
      // The attributes of one resource are the same for all of its records.
      if (unknown === 1) for (const key of namesIn(resource).keys()) seen.add(key)
      for (const key of namesIn(record.attributes).keys()) seen.add(key)
    },
    deleted(count) {
      deleted += count
    },
    count: () => unknown + deleted,
    why: () =>
      [
        ...(unknown > 0 ? [`${recordsOf(unknown)}: ${whyUnknown()}`] : []),
        ...(deleted > 0 ? [`${recordsOf(deleted)}: the node was just deleted`] : []),
      ].join('; '),
  }

  function whyUnknown(): string {
    if (node !== undefined) return 'X-Launchtail-Node names no node'
    if (seen.size > 0) {
      return `no node has the id, the cluster's name or the name in ${[...seen].join(', ')}`
    }
    return `none of the attributes ${NAMING.join(', ')} is there to name the node`
  }
}

function recordsOf(count: number): string {
  return `${count} record${count === 1 ? '' : 's'}`
}
