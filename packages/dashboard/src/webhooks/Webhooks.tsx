import { useSignal } from '@preact/signals'
import { Dialog } from '../parts/Dialog.js'
import { Fault } from '../parts/Fault.js'
import { AddForm } from './AddForm.js'
import { Item } from './Item.js'
import { Secret, type Shown } from './Secret.js'
import { useWebhooks } from './state.js'

/** The list of webhooks, with a form to add one. */
export function Webhooks() {
  const { webhooks, fault, refresh } = useWebhooks()
  const adding = useSignal(false)
  const shown = useSignal<Shown | undefined>(undefined)
  return (
    <>
      <p>
        <button
          type="button"
          class="primary"
          onClick={() => {
            adding.value = true
          }}
        >
          Add a webhook
        </button>
      </p>
      <Dialog title="Add a webhook" open={adding}>
        <AddForm
          onAdded={(webhook) => {
            adding.value = false
            shown.value = webhook
            void refresh()
          }}
        />
      </Dialog>
      <Fault text={fault} />
      {shown.value && <Secret {...shown.value} />}
      {webhooks?.length === 0 && (
        <p class="empty">
          There are no webhooks. One sends a message when a launch fails, stalls or is ready.
        </p>
      )}
      {webhooks?.map((webhook) => (
        <Item
          key={webhook.webhook_id}
          webhook={webhook}
          onChanged={refresh}
          onSecret={(secret) => {
            shown.value = secret
          }}
        />
      ))}
    </>
  )
}
