import type { NodeRecord } from '@launchtail/client'
import { formatPrice } from '@launchtail/client/protocol'
import { serverNow } from '../clock.js'
import { costOf } from '../parts/node-facts.js'

/** What a launch of this server costs an hour, and what it has cost so far. */
export function Cost({ node }: { node: NodeRecord }) {
  // Nobody here knows what other programs pay for their launches.
  if (node.cluster_name === '') return null
  const { over_budget: over } = node
  return (
    <p class="cost" data-over-budget={over?.day === today(serverNow.value)}>
      {costOf(node)}
      {over && `; the budget of ${formatPrice(over.budget)} a day was exceeded on ${over.day}`}
    </p>
  )
}

/** The day in UTC. */
function today(now: number): string {
  return new Date(now).toISOString().slice(0, 10)
}
