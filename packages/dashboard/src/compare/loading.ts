import type { LaunchSummary, LogEntry } from '@launchtail/client'
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { client } from '../session.js'

/** The newest entries of a launch that are compared. */
export const MOST_LINES = 5000

/** The node's launches, newest first; undefined until they are there. */
export function useLaunches(nodeId: string) {
  const { value, fault } = useAsked(
    (signal) => client.peek().listNodeLaunches(nodeId, { signal }),
    nodeId,
  )
  return { launches: value?.launches as readonly LaunchSummary[] | undefined, fault }
}

/** The lines of one of them; undefined until they are there. */
export function useLines(nodeId: string, launch: number) {
  const { value, fault } = useAsked(
    (signal) => client.peek().getNodeLogs(nodeId, { launch, tail: MOST_LINES, signal }),
    `${nodeId} ${launch}`,
  )
  return { lines: value?.logs as readonly LogEntry[] | undefined, fault }
}

/** What is asked for once for each key. */
function useAsked<T>(ask: (signal: AbortSignal) => Promise<T>, key: string) {
  const answer = useSignal<{ key: string; value?: T; fault: string }>({ key, fault: '' })
  useEffect(() => {
    const controller = new AbortController()
    const { signal } = controller
    ask(signal).then(
      (value) => {
        answer.value = { key, value, fault: '' }
      },
      (error: Error) => {
        if (!signal.aborted) answer.value = { key, fault: error.message }
      },
    )
    return () => controller.abort()
    // Another key is another question, and nothing else is.
  }, [key])
  const { value } = answer
  return value.key === key ? value : { value: undefined, fault: '' }
}
