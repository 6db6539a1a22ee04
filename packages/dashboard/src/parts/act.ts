import { type Signal, useSignal } from '@preact/signals'

export interface Act {
  /** True while something is being done. */
  readonly busy: Signal<boolean>
  /** Why it could not be done; empty where it was. */
  readonly fault: Signal<string>
  act(change: () => Promise<unknown>): Promise<void>
}

/** For what a click does: one thing at a time, and what went wrong is told. */
export function useAct(): Act {
  const busy = useSignal(false)
  const fault = useSignal('')
  return {
    busy,
    fault,
    async act(change) {
      busy.value = true
      fault.value = ''
      try {
        await change()
      } catch (error) {
        fault.value = (error as Error).message
      } finally {
        busy.value = false
      }
    },
  }
}
