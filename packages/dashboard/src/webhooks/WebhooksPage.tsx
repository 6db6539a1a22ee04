import { useSignal } from '@preact/signals'
import type { ComponentType } from 'preact'
import { useEffect } from 'preact/hooks'
import { Fault } from '../parts/Fault.js'

/** Where messages about launches are sent. Its code is loaded when it is first needed. */
export function WebhooksPage() {
  const loaded = useSignal<ComponentType | undefined>(undefined)
  const fault = useSignal('')
  useEffect(() => {
    document.title = 'Webhooks – Launchtail'
    import('./Webhooks.js').then(
      ({ Webhooks }) => {
        loaded.value = Webhooks
      },
      () => {
        fault.value = 'This part of the page could not be loaded. Reload the page to try again.'
      },
    )
  }, [loaded, fault])
  const Webhooks = loaded.value
  return (
    <article class="webhooks">
      <h1>Webhooks</h1>
      <Fault text={fault.value} />
      {Webhooks && <Webhooks />}
    </article>
  )
}
