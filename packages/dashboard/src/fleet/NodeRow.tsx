import { formatPrice, shorten } from '@launchtail/client/protocol'
import { hrefOf } from '../address.js'
import { now, serverNow } from '../clock.js'
import type { FleetNode } from '../hub/messages.js'
import { DemoMark } from '../parts/DemoMark.js'
import { inert } from '../parts/inert.js'
import { codeName, costOf, hardwareOf, locationOf, nameOf } from '../parts/node-facts.js'
import { PhaseRail } from '../parts/PhaseRail.js'
import { Progress } from '../parts/Progress.js'
import { conditionOf, elapsedOf, isTroubled, remainingOf } from '../parts/phases.js'
import { moment, span } from '../parts/times.js'

export interface NodeRowProps {
  node: FleetNode
  /** Its position in the list, from 1. */
  position: number
  count: number
}

/** A node in a row: what it is, and how far its launch is. */
export function NodeRow({ node, position, count }: NodeRowProps) {
  const { node_id, model, labels } = node
  return (
    // biome-ignore lint/a11y/useSemanticElements: an <li> must stand in its list, not in a window on it
    <div
      class="node"
      role="listitem"
      aria-posinset={position}
      aria-setsize={count}
      data-phase={node.phase}
      data-status={node.status}
      data-stalled={isTroubled(node)}
    >
      <a class="name" href={hrefOf(['nodes', node_id])} title={node_id}>
        {inert(nameOf(node))}
      </a>
      <span class="about">
        <DemoMark labels={labels} />
        {inert(model)}
      </span>
      <span class="where">
        <span>{hardwareOf(node)}</span>
        <span>{locationOf(node, ' · ')}</span>
      </span>
      <span class="phase">
        <PhaseRail node={node} />
        <span class="condition">{conditionOf(node)}</span>
      </span>
      <Progress progress={node.progress} />
      <Times node={node} />
      <Message node={node} />
    </div>
  )
}

function Times({ node }: { node: FleetNode }) {
  const remaining = remainingOf(node, now.value)
  return (
    <span class="times" title={`Launched ${moment(node.created_at)}, ${costOf(node)}`}>
      <span>{span(elapsedOf(node, serverNow.value))}</span>
      {remaining !== undefined && (
        <span>{remaining > 0 ? `about ${span(remaining)} left` : 'any moment'}</span>
      )}
      {node.spent !== undefined && <span class="spent">{formatPrice(node.spent)}</span>}
    </span>
  )
}

/** The cause of a failure, or the newest message. */
function Message({ node: { failure, status, message } }: { node: FleetNode }) {
  const text = shorten(failure?.message ?? message)
  return (
    <span class="words" title={text}>
      {failure && status === 'failed' && failure.code !== 'unknown' && (
        <b>{codeName(failure.code)}: </b>
      )}
      {inert(text)}
    </span>
  )
}
