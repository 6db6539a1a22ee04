import type { NodeRecord } from '@launchtail/client'
import { formatPrice } from '@launchtail/client/protocol'
import { serverNow } from '../clock.js'
import { costOf } from '../parts/node-facts.js'

/** What a launch of this server costs an hour, what it has cost so far, and what it may cost. */
export function Cost({ node }: { node: NodeRecord }) {
  // Nobody here knows what other programs pay for their launches.
  if (node.cluster_name === '') return null
  const { budget, over_budget: over } = node
  // A day’s budget may have been exceeded since.
  const isOwn = budget !== undefined && ((over && !over.day) || (node.spent ?? 0) > budget)
  const parts = [
    costOf(node),
    budget !== undefined &&
      `its budget of ${formatPrice(budget)} is ${isOwn ? '' : 'not '}exceeded`,
    over?.day !== undefined &&
      `the budget of ${formatPrice(over.budget)} a day was exceeded on ${over.day}`,
  ]
  return (
    <p class="cost" data-over-budget={isOwn || over?.day === today(serverNow.value)}>
      {parts.filter(Boolean).join('; ')}
    </p>
  )
}

/** The day in UTC. */
function today(now: number): string {
  return new Date(now).toISOString().slice(0, 10)
}
