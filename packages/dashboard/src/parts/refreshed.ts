import { useSignal } from '@preact/signals'
import { useCallback, useEffect } from 'preact/hooks'

/** How often what is shown is read again, in ms. */
const REFRESH = 5000

/** Reads now, and again and again while the page is visible. */
export function useRefreshed<T>(read: (signal: AbortSignal) => Promise<T>) {
  const value = useSignal<T | undefined>(undefined)
  const fault = useSignal('')
  const refresh = useCallback(
    async (signal = new AbortController().signal) => {
      try {
        value.value = await read(signal)
        fault.value = ''
      } catch (error) {
        if (!signal.aborted) fault.value = (error as Error).message
      }
    },
    [read, value, fault],
  )
  useEffect(() => {
    const controller = new AbortController()
    void refresh(controller.signal)
    const again = () => document.hidden || void refresh(controller.signal)
    const timer = setInterval(again, REFRESH)
    return () => {
      clearInterval(timer)
      controller.abort()
    }
  }, [refresh])
  return { value: value.value, fault: fault.value, refresh: () => refresh() }
}
