import type { NodeRecord } from '@launchtail/client'
import { computed, type ReadonlySignal } from '@preact/signals'
import type { FleetNode } from '../hub/messages.js'
import { type Filter, filterOf, KINDS, kindsOf, passes } from './filter.js'

export interface Selection {
  readonly filter: ReadonlySignal<Filter>
  /** The nodes that pass the filter, newest first. */
  readonly shown: ReadonlySignal<readonly FleetNode[]>
  /** How many nodes are of each kind, whatever kind is filtered by. */
  readonly counts: ReadonlySignal<ReadonlyMap<string, number>>
  readonly providers: ReadonlySignal<readonly string[]>
}

export interface SelectionOptions {
  nodes: ReadonlySignal<ReadonlyMap<string, FleetNode>>
  route: ReadonlySignal<{ readonly query: URLSearchParams }>
}

/** Which of the nodes the address asks for. */
export function createSelection({ nodes, route }: SelectionOptions): Selection {
  const filter = computed(() => filterOf(route.value.query))
  const newestFirst = computed(() => [...nodes.value.values()].sort(byAge))
  const shown = computed(() => newestFirst.value.filter((node) => passes(node, filter.value)))
  const counts = computed(() => {
    const anyKind = { ...filter.value, kind: '' }
    return countKinds(newestFirst.value.filter((node) => passes(node, anyKind)))
  })
  const providers = computed(() =>
    [...new Set(newestFirst.value.flatMap(({ provider }) => provider || []))].sort(),
  )
  return { filter, shown, counts, providers }
}

function countKinds(nodes: readonly NodeRecord[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>(KINDS.map((kind) => [kind, 0]))
  for (const kind of nodes.flatMap(kindsOf)) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return counts
}

/** The newest first. */
function byAge(a: NodeRecord, b: NodeRecord): number {
  return compare(b.created_at, a.created_at) || compare(a.node_id, b.node_id)
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
