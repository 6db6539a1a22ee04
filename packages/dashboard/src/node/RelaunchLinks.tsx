import type { NodeRecord } from '@launchtail/client'
import { hrefOf } from '../address.js'
import { inert } from '../parts/inert.js'

/** Links to the node that this one was launched again from, and to the one it was launched again as. */
export function RelaunchLinks({ node }: { node: NodeRecord }) {
  const { relaunch_of: before, relaunched_as: after } = node
  return (
    <>
      {before && (
        <span>
          launched again from <NodeLink nodeId={before} />
        </span>
      )}
      {after && (
        <span>
          launched again as <NodeLink nodeId={after} />
        </span>
      )}
    </>
  )
}

function NodeLink({ nodeId }: { nodeId: string }) {
  return <a href={hrefOf(['nodes', nodeId])}>{inert(nodeId)}</a>
}
