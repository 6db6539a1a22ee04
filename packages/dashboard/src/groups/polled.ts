import { type ReadonlySignal, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'

const EVERY = 2000

export interface Polled<T> {
  readonly value: ReadonlySignal<T | undefined>
  /** Why the newest attempt failed; empty if it has not. */
  readonly fault: ReadonlySignal<string>
  /** Asks now. */
  again(): Promise<void>
}

/** Something that is asked for every two seconds while it is shown, and its tab with it. */
export function usePolled<T>(ask: () => Promise<T>, key: string): Polled<T> {
  const value = useSignal<T | undefined>(undefined)
  const fault = useSignal('')
  const again = () =>
    ask().then(
      (answer) => {
        value.value = answer
        fault.value = ''
      },
      (error) => {
        fault.value = (error as Error).message
      },
    )
  useEffect(() => {
    void again()
    const timer = setInterval(() => {
      if (!document.hidden) void again()
    }, EVERY)
    return () => clearInterval(timer)
  }, [key])
  return { value, fault, again }
}
