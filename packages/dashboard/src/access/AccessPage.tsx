import { useSignal } from '@preact/signals'
import type { ComponentType } from 'preact'
import { useEffect } from 'preact/hooks'
import { Fault } from '../parts/Fault.js'

/** Who may do what, and who did what. Its code is loaded when it is first needed. */
export function AccessPage() {
  const loaded = useSignal<ComponentType | undefined>(undefined)
  const fault = useSignal('')
  useEffect(() => {
    document.title = 'Access – Launchtail'
    import('./Access.js').then(
      ({ Access }) => {
        loaded.value = Access
      },
      () => {
        fault.value = 'This part of the page could not be loaded. Reload the page to try again.'
      },
    )
  }, [loaded, fault])
  const Access = loaded.value
  return (
    <article class="access">
      <h1>Access</h1>
      <Fault text={fault.value} />
      {Access && <Access />}
    </article>
  )
}
