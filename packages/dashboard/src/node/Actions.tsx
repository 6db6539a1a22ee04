import type { NodeRecord } from '@launchtail/client'
import { useSignal } from '@preact/signals'
import { go } from '../address.js'
import { nameOf } from '../fleet/state.js'
import { Confirm, Dialog } from '../parts/Dialog.js'
import { isEnded } from '../parts/phases.js'
import { client } from '../session.js'
import { Again } from './Again.js'

/** What can be done with a node; each is asked for twice. */
export function Actions({ node }: { node: NodeRecord }) {
  const { node_id, status } = node
  return (
    <span class="actions">
      {isEnded(status) ? (
        <>
          <Again node={node} />
          <Ask
            name="Forget"
            question={`Forget ${nameOf(node)}, and its log?`}
            act={async () => {
              await client.peek().deleteNode(node_id)
              go([])
            }}
          />
        </>
      ) : (
        <Ask
          name="Terminate"
          question={
            status === 'launching'
              ? `Cancel the launch of ${nameOf(node)}, and take down what it has made?`
              : `Take down ${nameOf(node)}? It serves requests.`
          }
          act={async () => {
            await client.peek().terminateNode(node_id)
          }}
        />
      )}
    </span>
  )
}

/** A button that acts once the question is answered. */
function Ask({
  name,
  question,
  act,
}: {
  name: string
  question: string
  act: () => Promise<void>
}) {
  const open = useSignal(false)
  return (
    <>
      <button
        type="button"
        onClick={() => {
          open.value = true
        }}
      >
        {name}
      </button>
      <Dialog title={`${name}?`} open={open}>
        <p>{question}</p>
        <Confirm name={name} open={open} act={act} danger />
      </Dialog>
    </>
  )
}
