import { type NodeRecord, PHASES } from '@launchtail/client/protocol'

export interface Filter {
  readonly text: string
  /** One of `KINDS`; empty for all. */
  readonly kind: string
  readonly provider: string
}

/** Nodes are counted and filtered by their phases, and by states that are no phases. */
export const KINDS = [...PHASES, 'stalled', 'unhealthy', 'unattended', 'terminated'] as const

/** The filter that the address names. */
export function filterOf(query: URLSearchParams): Filter {
  return {
    text: query.get('q') ?? '',
    kind: query.get('phase') ?? '',
    provider: query.get('provider') ?? '',
  }
}

export function passes(node: NodeRecord, { text, kind, provider }: Filter): boolean {
  if (kind !== '' && !kindsOf(node).includes(kind)) return false
  if (provider !== '' && node.provider !== provider) return false
  return text === '' || searchTextOf(node).includes(text.toLowerCase())
}

/** A node that was terminated has not failed, though its log ends in that phase. */
export function kindsOf({ phase, status, stalled, health, unattended }: NodeRecord): string[] {
  if (status === 'terminated') return ['terminated']
  const isUnhealthy = health?.ok === false
  return [
    phase,
    ...(stalled ? ['stalled'] : []),
    ...(isUnhealthy ? ['unhealthy'] : []),
    ...(unattended ? ['unattended'] : []),
  ]
}

function searchTextOf(node: NodeRecord): string {
  const { node_id, cluster_name, name, provider, region, gpu, model, failure } = node
  return [node_id, cluster_name, name, provider, region, gpu, model, failure?.code]
    .filter(Boolean)
    .join(' ')
    .toLowerCase()
}
