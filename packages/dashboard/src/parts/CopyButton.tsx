import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { copy } from './copy.js'

/** Copies a text, and says so for a moment. */
export function CopyButton({
  text,
  children = 'Copy',
  title,
}: {
  text: () => string
  children?: ComponentChildren
  title?: string
}) {
  const said = useSignal('')

  async function act(): Promise<void> {
    said.value = await copy(text()).then(
      () => 'Copied',
      (error) => (error as Error).message,
    )
    setTimeout(() => {
      said.value = ''
    }, 2000)
  }

  return (
    <button type="button" title={title} onClick={act}>
      <span aria-live="polite">{said.value || children}</span>
    </button>
  )
}
