import type { NodeRecord } from '@launchtail/client'
import { hrefOf } from '../address.js'
import { inert } from '../parts/inert.js'

/** Links to the node that this one was launched again from, and to the one it was launched again as. */
export function RelaunchLinks({ node }: { node: NodeRecord }) {
  const { node_id, relaunch_of: before, relaunched_as: after } = node
  return (
    <>
      {before && (
        <span>
          launched again from <NodeLink nodeId={before} /> (
          <CompareLink left={before} right={node_id} />)
        </span>
      )}
      {after && (
        <span>
          launched again as <NodeLink nodeId={after} /> (
          <CompareLink left={node_id} right={after} />)
        </span>
      )}
    </>
  )
}

function NodeLink({ nodeId }: { nodeId: string }) {
  return <a href={hrefOf(['nodes', nodeId])}>{inert(nodeId)}</a>
}

function CompareLink({ left, right }: { left: string; right: string }) {
  const query = { left: `${left}@`, right: `${right}@` }
  return <a href={hrefOf(['nodes', right, 'launches'], query)}>compare</a>
}
