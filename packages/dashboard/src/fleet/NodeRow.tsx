import { hrefOf } from '../address.js'
import { now, serverNow } from '../clock.js'
import type { SeenNode } from '../hub/messages.js'
import { inert } from '../log/text.js'
import { PhaseRail } from '../parts/PhaseRail.js'
import { conditionOf, elapsedOf, remainingOf } from '../parts/phases.js'
import { moment, span } from '../parts/times.js'
import { nameOf } from './state.js'

/** A node in a row: what it is, and where its launch is. */
export function NodeRow({ node, place, count }: { node: SeenNode; place: number; count: number }) {
  const { node_id, model, labels } = node
  return (
    // biome-ignore lint/a11y/useSemanticElements: an <li> must stand in its list, not in a window on it
    <div
      class="node"
      role="listitem"
      aria-posinset={place + 1}
      aria-setsize={count}
      data-phase={node.phase}
      data-status={node.status}
      data-stalled={node.stalled}
    >
      <a class="name" href={hrefOf(['nodes', node_id])} title={node_id}>
        {inert(nameOf(node))}
      </a>
      <span class="about">
        {labels?.demo && (
          <b class="mark" title={labels.demo}>
            demo
          </b>
        )}
        {inert(model ?? '')}
      </span>
      <span class="where">
        <span>{hardwareOf(node)}</span>
        <span>{placeOf(node, ' · ')}</span>
      </span>
      <span class="phase">
        <PhaseRail node={node} />
        <span class="condition">{conditionOf(node)}</span>
      </span>
      <Progress node={node} />
      <Times node={node} />
      <span class="words" title={node.failure?.message ?? node.message}>
        {node.failure && node.status === 'failed' && node.failure.code !== 'unknown' && (
          <b>{node.failure.code.replaceAll('_', ' ')}: </b>
        )}
        {inert(node.failure?.message ?? node.message)}
      </span>
    </div>
  )
}

/** Where a node is; a machine of our own has no region but its provider. */
export function placeOf({ provider, region }: SeenNode, between: string): string {
  return inert([...new Set([provider, region])].filter(Boolean).join(between))
}

export function hardwareOf({ gpu, gpu_count, use_spot }: SeenNode): string {
  const count = gpu_count !== undefined && gpu_count > 1 ? `${gpu_count} × ` : ''
  return inert([gpu && count + gpu, use_spot && 'spot'].filter(Boolean).join(' '))
}

export function Progress({ node }: { node: SeenNode }) {
  const percent = Math.round(node.progress)
  return (
    <span class="progress">
      <span
        class="bar"
        role="progressbar"
        aria-valuenow={percent}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-label="Progress"
      >
        <i style={{ width: `${percent}%` }} />
      </span>
      <span>{percent} %</span>
    </span>
  )
}

function Times({ node }: { node: SeenNode }) {
  const remaining = remainingOf(node, now.value)
  return (
    <span class="times" title={`Launched ${moment(node.created_at)}`}>
      <span>{span(elapsedOf(node, serverNow.value))}</span>
      {remaining !== undefined && (
        <span>{remaining > 0 ? `about ${span(remaining)} left` : 'any moment'}</span>
      )}
    </span>
  )
}
