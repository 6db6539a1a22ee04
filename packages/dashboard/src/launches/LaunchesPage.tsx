import { useSignal } from '@preact/signals'
import type { ComponentType } from 'preact'
import { useEffect } from 'preact/hooks'
import { Fault } from '../parts/Fault.js'

/** The statistics of past launches. Their code is loaded when it is first needed. */
export function LaunchesPage() {
  const loaded = useSignal<ComponentType | undefined>(undefined)
  const fault = useSignal('')
  useEffect(() => {
    document.title = 'Launches – Launchtail'
    import('./Statistics.js').then(
      ({ Statistics }) => {
        loaded.value = Statistics
      },
      () => {
        fault.value = 'This part of the page could not be loaded. Reload the page to try again.'
      },
    )
  }, [loaded, fault])
  const Statistics = loaded.value
  return (
    <article class="launches">
      <h1>Launches</h1>
      <Fault text={fault.value} />
      {Statistics && <Statistics />}
    </article>
  )
}
