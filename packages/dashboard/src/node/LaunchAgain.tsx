import type { NodeLaunch, NodeRecord } from '@launchtail/client'
import { type Signal, useSignal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import { go, hrefOf } from '../address.js'
import { isComplete, launchOf } from '../launch/again.js'
import { draftOf, factsOf } from '../launch/draft.js'
import { makeIdempotencyKey } from '../launch/idempotency-key.js'
import { useAct } from '../parts/act.js'
import { Confirm, Dialog } from '../parts/Dialog.js'
import { inert } from '../parts/inert.js'
import { isEnded } from '../parts/phases.js'
import { client } from '../session.js'

/**
 * Launches a node again as it was launched before, or the same as a new node, once the reader confirms.
 * If some of that is secret and the launch is over, the form opens instead and asks for it.
 */
export function LaunchAgain({ node: { node_id, status } }: { node: NodeRecord }) {
  const isOver = isEnded(status)
  const open = useSignal(false)
  const launch = useSignal<NodeLaunch | undefined>(undefined)
  const { busy, fault, act } = useAct()

  const ask = () =>
    act(async () => {
      const found = await launchOf(node_id)
      if (!found || (isOver && !isComplete(found))) return go(['launch'], { again: node_id })
      launch.value = found
      open.value = true
    })

  return (
    <>
      {fault.value && (
        <span class="fault" role="alert">
          {fault.value}
        </span>
      )}
      <button type="button" disabled={busy.value} onClick={ask}>
        Launch again
      </button>
      <Dialog title="Launch again?" open={open}>
        {launch.value && (
          <Question nodeId={node_id} launch={launch.value} isOver={isOver} open={open} />
        )}
      </Dialog>
    </>
  )
}

interface QuestionProps {
  nodeId: string
  launch: NodeLaunch
  /** False while the node runs: then the same can only be launched beside it. */
  isOver: boolean
  open: Signal<boolean>
}

function Question({ nodeId, launch: { request }, isOver, open }: QuestionProps) {
  const isNew = useSignal(!isOver)
  // If the network fails after the request was sent, sending it again launches nothing twice.
  const idempotencyKey = useMemo(makeIdempotencyKey, [request])
  return (
    <>
      <p>
        {isOver ? 'The node will be launched as before:' : 'A new node will be launched like it:'}
      </p>
      <dl class="request" tabIndex={0} aria-label="Launch request">
        {factsOf(draftOf(request)).map(({ label, text }) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{inert(text)}</dd>
          </div>
        ))}
      </dl>
      {isOver && (
        <label>
          <input
            type="checkbox"
            checked={isNew.value}
            onChange={({ currentTarget }) => {
              isNew.value = currentTarget.checked
            }}
          />{' '}
          as a new node, which is linked with this one
        </label>
      )}
      <Confirm
        name="Launch again"
        open={open}
        act={async () => {
          if (!isNew.value) await client.peek().launchNode(request, { idempotencyKey })
          else {
            const { node_id } = await client.peek().relaunchNode(nodeId, {}, { idempotencyKey })
            go(['nodes', node_id])
          }
        }}
      >
        <a
          class="button"
          href={hrefOf(['launch'], { again: nodeId, as: isNew.value ? 'new' : '' })}
        >
          Edit first
        </a>
      </Confirm>
    </>
  )
}
