import type { Webhook, WebhookEvent, WebhookFormat } from '@launchtail/client'
import { WEBHOOK_FORMATS } from '@launchtail/client/protocol'
import type { Signal } from '@preact/signals'
import { useAct } from '../parts/act.js'
import { Fault } from '../parts/Fault.js'
import { inert } from '../parts/inert.js'
import { Text } from '../parts/Text.js'
import { EVENTS, type WebhookFields } from './fields.js'

const EXAMPLE = 'https://hooks.example.com/launches'

export interface FormProps {
  fields: WebhookFields
  /** The name of the button. */
  name: string
  /** The webhook that is changed; undefined for a new one. */
  webhook?: Webhook
  act: () => Promise<void>
}

/** The form of a webhook. */
export function Form({ fields, name, webhook, act }: FormProps) {
  const { url, format, key, q } = fields
  const { busy, fault, act: attempt } = useAct()
  const isOfEntries = fields.events.value.has('entry.matched')

  return (
    <form
      class="webhook-form"
      onSubmit={(event) => {
        event.preventDefault()
        void attempt(act)
      }}
    >
      <Text
        label={webhook ? 'Address; the present one if empty' : 'Address'}
        value={url}
        type="url"
        required={!webhook}
        placeholder={webhook === undefined ? EXAMPLE : inert(webhook.url)}
      />
      <label>
        Format
        <select
          value={format.value}
          onChange={({ currentTarget }) => {
            format.value = currentTarget.value as WebhookFormat
          }}
        >
          {WEBHOOK_FORMATS.map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
      </label>
      {format.value === 'pagerduty' && (
        <Text
          label={
            webhook?.format === 'pagerduty'
              ? 'Routing key of the integration; the present one if empty'
              : 'Routing key of the integration'
          }
          value={key}
          class="secret"
          required={webhook?.format !== 'pagerduty'}
        />
      )}
      <Events events={fields.events} />
      <Text
        label={isOfEntries ? 'Which entries' : 'Which launches; all if empty'}
        value={q}
        placeholder={isOfEntries ? 'level:error "out of memory"' : 'provider:aws'}
      />
      <Repetition fields={fields} />
      <Fault text={fault.value} />
      <button class="primary" type="submit" disabled={busy.value}>
        {name}
      </button>
    </form>
  )
}

function Events({ events }: { events: Signal<ReadonlySet<WebhookEvent>> }) {
  return (
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
  )
}

/** How messages that say the same are held back. */
function Repetition({ fields: { cooldown, wait, interval } }: { fields: WebhookFields }) {
  return (
    <fieldset class="repetition">
      <legend>Repetition</legend>
      <Text
        label="Similar entries are only counted for"
        value={cooldown}
        placeholder="60s"
        title="After an entry was sent, similar ones of the same launch are counted for so long."
      />
      <Text
        label="A failure waits for others with its cause for"
        value={wait}
        placeholder="10s"
        title="Launches that fail with the same cause share a message. 0s does not wait."
      />
      <Text
        label="Next message about the cause after"
        value={interval}
        placeholder="60s"
        title="The pause between two messages about failures with the same cause. 0s for none."
      />
    </fieldset>
  )
}
