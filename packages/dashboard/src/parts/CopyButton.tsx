import { useSignal } from '@preact/signals'
import { copy } from './copy.js'

/** Copies a text, and says so for a moment. */
export function CopyButton({ text, title }: { text: () => string; title: string }) {
  const outcome = useSignal('')

  async function act(): Promise<void> {
    outcome.value = await copy(text()).then(
      () => 'Copied',
      (error) => (error as Error).message,
    )
    setTimeout(() => {
      outcome.value = ''
    }, 2000)
  }

  return (
    <button type="button" title={title} onClick={act}>
      <span aria-live="polite">{outcome.value || 'Copy'}</span>
    </button>
  )
}
