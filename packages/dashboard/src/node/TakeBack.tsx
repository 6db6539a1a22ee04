import { useAct } from '../parts/act.js'
import { client } from '../session.js'

/** Says that a person named the cause, and goes back to what the server read. */
export function TakeBack({ nodeId }: { nodeId: string }) {
  const { busy, fault, act } = useAct()

  return (
    <p class="by-hand">
      Named by hand.{' '}
      <button
        type="button"
        disabled={busy.value}
        onClick={() => act(() => client.peek().takeBackCause(nodeId))}
      >
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
