import { useSignal } from '@preact/signals'
import type { ComponentType } from 'preact'
import { useEffect } from 'preact/hooks'
import { hrefOf } from '../address.js'
import { Fault } from '../parts/Fault.js'
import { inert } from '../parts/inert.js'

type Compare = ComponentType<{ nodeId: string }>

/** Two launches of a node side by side. Their code is loaded when it is first needed. */
export function ComparePage({ nodeId }: { nodeId: string }) {
  const loaded = useSignal<Compare | undefined>(undefined)
  const fault = useSignal('')
  useEffect(() => {
    document.title = `Launches of ${nodeId} – Launchtail`
    import('./Compare.js').then(
      ({ Compare }) => {
        loaded.value = Compare
      },
      () => {
        fault.value = 'This part of the page could not be loaded. Reload the page to try again.'
      },
    )
  }, [nodeId, loaded, fault])
  const Compare = loaded.value
  return (
    <article class="compare">
      <div class="about-node">
        <a class="back" href={hrefOf(['nodes', nodeId])} aria-label="The node">
          ←
        </a>
        <h1>Launches of {inert(nodeId)}</h1>
      </div>
      <Fault text={fault.value} />
      {Compare && <Compare nodeId={nodeId} />}
    </article>
  )
}
