import { type NodeRecord, PHASES } from '@launchtail/client/protocol'
import { computed, effect, signal } from '@preact/signals'
import { place } from '../address.js'
import { subscribe } from '../hub/link.js'
import type { LinkState, SeenNode } from '../hub/messages.js'
import { signOut, token } from '../session.js'

/** Every node that was told of, by its id. */
export const nodes = signal<ReadonlyMap<string, SeenNode>>(new Map())
/** How many there are in all; undefined until all that are shown have come. */
export const total = signal<number | undefined>(undefined)
export const link = signal<LinkState>({ state: 'connecting' })
/** What the server says where it refuses the stream for good. */
export const refusal = signal('')

/** While one is signed in, the fleet is followed. */
effect(() => {
  if (!token.value) return
  nodes.value = new Map()
  total.value = undefined
  refusal.value = ''
  const { stop } = subscribe(
    { type: 'fleet' },
    {
      onState(state) {
        link.value = state
      },
      onRefused({ status, message }) {
        if (status === 401) signOut('The server does not take the token any more.')
        else refusal.value = message
      },
      onNodes(told) {
        const next = new Map(nodes.peek())
        for (const node of told.nodes) next.set(node.node_id, node)
        for (const nodeId of told.gone) next.delete(nodeId)
        nodes.value = next
        total.value = told.total
      },
    },
  )
  return stop
})

export interface Filter {
  readonly text: string
  /** One of `KINDS`. */
  readonly phase: string
  readonly provider: string
}

/** What the address says is to be shown. */
export const filter = computed<Filter>(() => {
  const { query } = place.value
  return {
    text: query.get('q') ?? '',
    phase: query.get('phase') ?? '',
    provider: query.get('provider') ?? '',
  }
})

const newestFirst = computed(() =>
  [...nodes.value.values()].sort(
    (a, b) => compare(b.created_at, a.created_at) || compare(a.node_id, b.node_id),
  ),
)

/** The nodes that pass the filter, newest first. */
export const shown = computed(() => newestFirst.value.filter((node) => passes(node, filter.value)))

/** What nodes are counted and filtered by: their phases, and two states that are none. */
export const KINDS = [...PHASES, 'stalled', 'terminated'] as const

/** How many nodes are of each kind, whatever kind is filtered by. */
export const counts = computed(() => {
  const found = new Map<string, number>(KINDS.map((name) => [name, 0]))
  const count = (name: string) => found.set(name, (found.get(name) ?? 0) + 1)
  for (const node of nodes.value.values()) {
    if (!passes(node, { ...filter.value, phase: '' })) continue
    for (const kind of kindsOf(node)) count(kind)
  }
  return found
})

export const providers = computed(() =>
  [...new Set(newestFirst.value.flatMap(({ provider }) => provider ?? []))].sort(),
)

/** One that was taken down has not failed, though its log ends in that phase. */
function kindsOf({ phase, status, stalled }: NodeRecord): string[] {
  if (status === 'terminated') return ['terminated']
  return stalled ? [phase, 'stalled'] : [phase]
}

function passes(node: NodeRecord, { text, phase, provider }: Filter): boolean {
  if (phase !== '' && !kindsOf(node).includes(phase)) return false
  if (provider !== '' && node.provider !== provider) return false
  return text === '' || wordsOf(node).includes(text.toLowerCase())
}

function wordsOf({
  node_id,
  cluster_name,
  name,
  provider,
  region,
  gpu,
  model,
  failure,
}: NodeRecord) {
  const words = [node_id, cluster_name, name, provider, region, gpu, model, failure?.code]
  return words.filter(Boolean).join(' ').toLowerCase()
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

/** What a node is called: the name it was given, or was made for it. */
export function nameOf({ name, cluster_name, node_id }: NodeRecord): string {
  return name ?? cluster_name ?? node_id
}
