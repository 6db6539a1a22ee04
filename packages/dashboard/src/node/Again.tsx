import type { NodeLaunch, NodeRecord } from '@launchtail/client'
import { useSignal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import { go, hrefOf } from '../address.js'
import { isWhole, launchOf } from '../launch/again.js'
import { draftOf, factsOf, makeKey } from '../launch/request.js'
import { inert } from '../log/text.js'
import { Confirm, Dialog } from '../parts/Dialog.js'
import { client } from '../session.js'

/**
 * Launches a node again as it was launched before, once the question is answered. Where something
 * of that is secret, the form asks for it.
 */
export function Again({ node: { node_id } }: { node: NodeRecord }) {
  const open = useSignal(false)
  const launch = useSignal<NodeLaunch | undefined>(undefined)
  const busy = useSignal(false)
  const fault = useSignal('')
  // Sent twice by a network that fails in between, it is still one launch.
  const key = useMemo(makeKey, [launch.value])
  const form = hrefOf(['launch'], { again: node_id })

  async function ask(): Promise<void> {
    busy.value = true
    fault.value = ''
    try {
      const found = await launchOf(node_id)
      if (!found || !isWhole(found)) return go(['launch'], { again: node_id })
      launch.value = found
      open.value = true
    } catch (error) {
      fault.value = (error as Error).message
    } finally {
      busy.value = false
    }
  }

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
        <p>It will be launched as it was before:</p>
        <dl class="request" tabIndex={0} aria-label="What is launched">
          {launch.value &&
            factsOf(draftOf(launch.value.request)).map(({ label, text }) => (
              <div key={label}>
                <dt>{label}</dt>
                <dd>{inert(text)}</dd>
              </div>
            ))}
        </dl>
        <Confirm
          name="Launch again"
          open={open}
          act={async () => {
            const { request } = launch.peek() as NodeLaunch
            await client.peek().launchNode(request, { idempotencyKey: key })
          }}
        >
          <a class="button" href={form}>
            Change it first
          </a>
        </Confirm>
      </Dialog>
    </>
  )
}
