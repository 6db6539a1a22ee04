import { useSignal } from '@preact/signals'
import type { ComponentType } from 'preact'
import { useEffect } from 'preact/hooks'

/** The past launches, drawn. The code that draws them comes when it is needed. */
export function LaunchesPage() {
  const picture = useSignal<ComponentType | undefined>(undefined)
  const fault = useSignal('')
  useEffect(() => {
    document.title = 'Launches – Launchtail'
    import('./Picture.js').then(
      ({ Picture }) => {
        // A function in a signal is a value as any other.
        picture.value = Picture
      },
      () => {
        fault.value = 'This part of the page could not be loaded; load the page again.'
      },
    )
  }, [picture, fault])
  const Picture = picture.value
  return (
    <article class="launches">
      <h1>Launches</h1>
      {fault.value && <p class="fault">{fault.value}</p>}
      {Picture && <Picture />}
    </article>
  )
}
