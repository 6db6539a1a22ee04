import type { NodeRecord } from '@launchtail/client'
import { costOf } from '../parts/node-facts.js'

/** What a launch of this server costs an hour, and what it has cost so far. */
export function Cost({ node }: { node: NodeRecord }) {
  // Nobody here knows what other programs pay for their launches.
  if (node.cluster_name === '') return null
  return <p class="cost">{costOf(node)}</p>
}
