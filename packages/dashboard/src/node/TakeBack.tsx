import { useSignal } from '@preact/signals'
import { client } from '../session.js'

/** Says that a person named the cause, and goes back to what the server read. */
export function TakeBack({ nodeId }: { nodeId: string }) {
  const busy = useSignal(false)
  const fault = useSignal('')

  async function takeBack(): Promise<void> {
    busy.value = true
    fault.value = ''
    await client
      .peek()
      .takeBackCause(nodeId)
      .catch((error) => {
        fault.value = (error as Error).message
      })
    busy.value = false
  }

  return (
    <p class="by-hand">
      Named by hand.{' '}
      <button type="button" disabled={busy.value} onClick={takeBack}>
        Take back
      </button>
      {fault.value && (
        <span class="fault" role="alert">
          {fault.value}
        </span>
      )}
    </p>
  )
}
