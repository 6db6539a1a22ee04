import type { NodeRecord } from '@launchtail/client'
import { go } from '../address.js'
import { Action } from '../parts/Action.js'
import { nameOf } from '../parts/node-facts.js'
import { isEnded } from '../parts/phases.js'
import { client } from '../session.js'
import { LaunchAgain } from './LaunchAgain.js'

/** What can be done with a node; each action is confirmed first. */
export function Actions({ node }: { node: NodeRecord }) {
  const { node_id, status, cluster_name } = node
  return (
    <span class="actions">
      {isEnded(status) ? (
        <>
          <LaunchAgain node={node} />
          <Action
            name="Forget"
            question={`Forget ${nameOf(node)} and delete its log?`}
            act={async () => {
              await client.peek().deleteNode(node_id)
              go([])
            }}
          />
        </>
      ) : (
        <>
          {cluster_name !== '' && <LaunchAgain node={node} />}
          <Action
            name="Terminate"
            question={
              status === 'launching'
                ? `Cancel the launch of ${nameOf(node)} and take down what it has created?`
                : `Take down ${nameOf(node)}? It is serving requests.`
            }
            act={async () => {
              await client.peek().terminateNode(node_id)
            }}
          />
        </>
      )}
    </span>
  )
}
