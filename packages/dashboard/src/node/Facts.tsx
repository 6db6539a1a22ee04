import type { NodeRecord } from '@launchtail/client'
import { hrefOf } from '../address.js'
import { DemoMark } from '../parts/DemoMark.js'
import { inert } from '../parts/inert.js'
import { hardwareOf, locationOf } from '../parts/node-facts.js'
import { conditionOf, isTroubled } from '../parts/phases.js'
import { Actions } from './Actions.js'

/** What a node is, in the line of its name. */
export function Facts({ node }: { node: NodeRecord }) {
  const { node_id, model, owner, labels, group, status } = node
  const facts = [
    inert(model),
    hardwareOf(node),
    locationOf(node, ' '),
    owner && `for ${inert(owner)}`,
  ]
  return (
    <>
      <b
        class="condition"
        data-phase={node.phase}
        data-status={status}
        data-stalled={isTroubled(node)}
      >
        {conditionOf(node)}
      </b>
      <DemoMark labels={labels} />
      {group && <a href={hrefOf(['groups', group])}>group {inert(group)}</a>}
      <span class="facts">{facts.filter(Boolean).join(' · ')}</span>
      <span class="id" title="Node id">
        {node_id}
      </span>
      <span class="space" />
      <Actions node={node} />
    </>
  )
}
