import type { Webhook } from '@launchtail/client'
import { useSignal } from '@preact/signals'
import { Confirm, Dialog } from '../parts/Dialog.js'
import { Fault } from '../parts/Fault.js'
import { inert } from '../parts/inert.js'
import { client } from '../session.js'
import { ChangeForm } from './ChangeForm.js'
import { Deliveries } from './Deliveries.js'
import type { Shown } from './Secret.js'

export interface ItemProps {
  webhook: Webhook
  onChanged: () => Promise<void>
  onSecret: (secret: Shown) => void
}

/** One webhook with its events, its state and its actions. */
export function Item({ webhook, onChanged, onSecret }: ItemProps) {
  const {
    webhook_id: id,
    url,
    events,
    q,
    format,
    cooldown,
    group,
    enabled,
    waiting,
    dead,
  } = webhook
  const isOpen = useSignal(false)
  const changing = useSignal(false)
  const deleting = useSignal(false)
  const told = useSignal('')
  const fault = useSignal('')

  async function act(what: () => Promise<string>): Promise<void> {
    fault.value = ''
    told.value = ''
    try {
      told.value = await what()
    } catch (error) {
      fault.value = (error as Error).message
    }
    await onChanged()
  }

  async function test(): Promise<string> {
    const { state, attempts } = await client.peek().testWebhook(id)
    const { status, error, took_ms } = attempts.at(-1) ?? { took_ms: 0 }
    if (state !== 'delivered') throw new Error(`The sample was not delivered: ${error}`)
    return `The sample was delivered: answered ${status} in ${took_ms} ms.`
  }

  async function rotate(): Promise<string> {
    const { secret } = await client.peek().rotateWebhook(id)
    onSecret({ url, secret })
    return 'The webhook has a new secret. For a day, the old one signs as well.'
  }

  async function turn(): Promise<string> {
    await client.peek().changeWebhook(id, { enabled: !enabled })
    return ''
  }

  return (
    <section class="webhook" aria-label={`The webhook to ${url}`}>
      <h2>{inert(url)}</h2>
      <p>
        {format}: {events.join(', ')}
        {q !== undefined && (
          <>
            {' '}
            where <code>{inert(q)}</code>
          </>
        )}
        . {waiting} waiting, {dead} dead.
      </p>
      <p class="repetition">
        Similar entries are counted for {cooldown}; a failure waits {group.wait} for others with its
        cause, and the next message about that follows after {group.interval}.
      </p>
      <State webhook={webhook} />
      <p class="actions">
        <button type="button" onClick={() => act(test)}>
          Test
        </button>
        <button
          type="button"
          onClick={() => {
            changing.value = true
          }}
        >
          Change
        </button>
        {(format === 'standard' || format === 'text') && (
          <button type="button" onClick={() => act(rotate)}>
            New secret
          </button>
        )}
        <button type="button" onClick={() => act(turn)}>
          {enabled ? 'Switch off' : 'Switch on'}
        </button>
        <button
          type="button"
          class="danger"
          onClick={() => {
            deleting.value = true
          }}
        >
          Delete
        </button>
        <button
          type="button"
          aria-expanded={isOpen.value}
          onClick={() => {
            isOpen.value = !isOpen.value
          }}
        >
          Messages
        </button>
      </p>
      <p role="status">{told.value}</p>
      <Fault text={fault.value} />
      {isOpen.value && <Deliveries webhookId={id} />}
      <Dialog title="Change this webhook" open={changing}>
        <ChangeForm
          webhook={webhook}
          onChanged={() => {
            changing.value = false
            void onChanged()
          }}
        />
      </Dialog>
      <Dialog title="Delete this webhook?" open={deleting}>
        <p>Its messages are deleted with it, including those that are waiting.</p>
        <Confirm
          name="Delete"
          open={deleting}
          danger
          act={async () => {
            await client.peek().deleteWebhook(id)
            await onChanged()
          }}
        />
      </Dialog>
    </section>
  )
}

function State({ webhook: { enabled, disabled_reason, failing_since } }: { webhook: Webhook }) {
  if (!enabled) {
    const why = disabled_reason === undefined ? '' : `: ${disabled_reason}`
    return <p class="fault">It is switched off{inert(why)}.</p>
  }
  if (failing_since === undefined) return null
  const since = <time dateTime={failing_since}>{new Date(failing_since).toLocaleString()}</time>
  return <p class="fault">Every attempt since {since} has failed.</p>
}
