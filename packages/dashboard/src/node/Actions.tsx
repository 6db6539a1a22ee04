import type { NodeRecord } from '@launchtail/client'
import { useSignal } from '@preact/signals'
import { go, hrefOf } from '../address.js'
import { nameOf } from '../fleet/state.js'
import { Dialog } from '../parts/Dialog.js'
import { client } from '../session.js'

/** What can be done with a node; each is asked for twice. */
export function Actions({ node }: { node: NodeRecord }) {
  const { node_id, status } = node
  const isOver = status === 'failed' || status === 'terminated'
  const again = hrefOf(['launch'], { again: node_id })
  return (
    <span class="actions">
      {isOver ? (
        <>
          <a class="button" href={again}>
            Launch again
          </a>
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
  const busy = useSignal(false)
  const fault = useSignal('')

  async function confirmed(): Promise<void> {
    busy.value = true
    fault.value = ''
    try {
      await act()
      open.value = false
    } catch (error) {
      fault.value = (error as Error).message
    } finally {
      busy.value = false
    }
  }

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
        <p class="fault" role="alert">
          {fault.value}
        </p>
        <button type="button" class="danger" disabled={busy.value} onClick={confirmed}>
          {name}
        </button>
      </Dialog>
    </>
  )
}
