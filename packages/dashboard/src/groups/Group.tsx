import type { WholeGroup } from '@launchtail/client'
import { hrefOf } from '../address.js'
import { NodeRow } from '../fleet/NodeRow.js'
import type { FleetNode } from '../hub/messages.js'
import { Fault } from '../parts/Fault.js'
import { inert } from '../parts/inert.js'
import { costOf } from '../parts/node-facts.js'
import { client } from '../session.js'
import { GroupActions } from './GroupActions.js'
import { GroupLog } from './GroupLog.js'
import { activeOf, serviceOf, updateOf } from './group-words.js'
import { usePolled } from './polled.js'

export interface GroupProps {
  groupId: string
  /** Those of the fleet, which are newer than those of the group. */
  nodes: ReadonlyMap<string, FleetNode>
}

/** One group: how many of its nodes are active, what replaces what, and the logs of all of them. */
export function Group({ groupId, nodes }: GroupProps) {
  const { value, fault, again } = usePolled(() => client.peek().getGroup(groupId), groupId)
  const group = value.value
  if (!group) return <Fault text={fault.value} />
  const shown = group.nodes.filter(({ role }) => role !== 'left')
  return (
    <>
      <div class="about-group">
        <a class="back" href={hrefOf(['groups'])} aria-label="All groups">
          ←
        </a>
        <h1>{inert(groupId)}</h1>
        <b class="condition" data-group={group.status}>
          {activeOf(group)} active
        </b>
        {group.service && <span>{serviceOf(group.service)}</span>}
        {group.update && <span>{updateOf(group.update)}</span>}
        {group.spent !== undefined && <span>{costOf(group)}</span>}
        <span class="space" />
        <GroupActions group={group} onDone={again} />
      </div>
      <Fault text={fault.value} />
      <Stopped update={group.update} />
      {/* biome-ignore lint/a11y/useSemanticElements: its rows are those of the list of all nodes */}
      <div class="group-nodes" role="list" aria-label="Nodes of the group">
        {shown.map(({ node, role, replaces }, i) => (
          <div key={node.node_id} role="presentation" data-role={role}>
            <NodeRow node={nodes.get(node.node_id) ?? node} position={i + 1} count={shown.length} />
            <RoleNote role={role} replaces={replaces} />
          </div>
        ))}
      </div>
      <GroupLog groupId={groupId} generation={group.update?.generation ?? 1} />
    </>
  )
}

/** Why the newest update stopped, if it did. */
function Stopped({ update }: Pick<WholeGroup, 'update'>) {
  const failure = update?.failure
  if (!failure) return null
  const { node_id: nodeId, message } = failure
  return (
    <p class="part fault" role="status">
      The update has stopped, and the nodes that it did not replace stay.{' '}
      {nodeId && <a href={hrefOf(['nodes', nodeId])}>{inert(nodeId)}</a>} {inert(message)}
    </p>
  )
}

type Member = WholeGroup['nodes'][number]

function RoleNote({ role, replaces }: Pick<Member, 'role' | 'replaces'>) {
  if (role === 'member' || role === 'left') return null
  const words = {
    joining: `takes the place of ${replaces} once it is active`,
    leaving: 'was replaced, and is being terminated',
    rejected: `has not taken the place of ${replaces}`,
  }
  return <p class="role">{inert(words[role])}</p>
}
