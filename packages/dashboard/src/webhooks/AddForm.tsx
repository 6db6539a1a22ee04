import type { NewWebhook, WebhookEvent, WebhookFormat } from '@launchtail/client'
import { USUAL_WEBHOOK_EVENTS, WEBHOOK_EVENTS, WEBHOOK_FORMATS } from '@launchtail/client/protocol'
import { useSignal } from '@preact/signals'
import { Fault } from '../parts/Fault.js'
import { client } from '../session.js'
import type { Shown } from './Secret.js'

const EVENTS = Object.entries(WEBHOOK_EVENTS) as [WebhookEvent, string][]

/** The form that creates a webhook. */
export function AddForm({ onAdded }: { onAdded: (webhook: Shown) => void }) {
  const url = useSignal('')
  const format = useSignal<WebhookFormat>('standard')
  const q = useSignal('')
  const key = useSignal('')
  const events = useSignal<ReadonlySet<WebhookEvent>>(new Set(USUAL_WEBHOOK_EVENTS))
  const fault = useSignal('')
  const busy = useSignal(false)

  async function add(): Promise<void> {
    busy.value = true
    fault.value = ''
    const webhook: NewWebhook = {
      url: url.value.trim(),
      format: format.value,
      events: EVENTS.map(([name]) => name).filter((name) => events.value.has(name)),
      ...(q.value.trim() !== '' && { q: q.value.trim() }),
      ...(format.value === 'pagerduty' && { secret: key.value.trim() }),
    }
    try {
      const { url: shown, secret } = await client.peek().createWebhook(webhook)
      onAdded({ url: shown, secret })
    } catch (error) {
      fault.value = (error as Error).message
    }
    busy.value = false
  }

  return (
    <form
      class="webhook-form"
      onSubmit={(event) => {
        event.preventDefault()
        void add()
      }}
    >
      <label>
        Address
        <input
          type="url"
          required
          placeholder="https://hooks.example.com/launches"
          autocomplete="off"
          value={url.value}
          onInput={({ currentTarget }) => {
            url.value = currentTarget.value
          }}
        />
      </label>
      <label>
        Format
        <select
          value={format.value}
          onChange={({ currentTarget }) => {
            format.value = currentTarget.value as WebhookFormat
          }}
        >
          {WEBHOOK_FORMATS.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      {format.value === 'pagerduty' && (
        <label>
          Routing key of the integration
          <input
            class="secret"
            required
            autocomplete="off"
            value={key.value}
            onInput={({ currentTarget }) => {
              key.value = currentTarget.value
            }}
          />
        </label>
      )}
      <fieldset>
        <legend>Events</legend>
        {EVENTS.map(([name, meaning]) => (
          <label key={name} class="check" title={meaning}>
            <input
              type="checkbox"
              checked={events.value.has(name)}
              onChange={({ currentTarget }) => {
                const rest = [...events.value].filter((one) => one !== name)
                events.value = new Set(currentTarget.checked ? [...rest, name] : rest)
              }}
            />
            {name}
          </label>
        ))}
      </fieldset>
      <label>
        {events.value.has('entry.matched') ? 'Which entries' : 'Which launches; all if empty'}
        <input
          placeholder={
            events.value.has('entry.matched') ? 'level:error "out of memory"' : 'provider:aws'
          }
          autocomplete="off"
          spellcheck={false}
          value={q.value}
          onInput={({ currentTarget }) => {
            q.value = currentTarget.value
          }}
        />
      </label>
      <Fault text={fault.value} />
      <button class="primary" type="submit" disabled={busy.value}>
        Add
      </button>
    </form>
  )
}
