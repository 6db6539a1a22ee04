import type { NodeRecord } from '@launchtail/client'
import type { ReadonlySignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { Log } from '../log/state.js'
import { isEnded } from '../parts/phases.js'

/**
 * Reads a log on after its launch was over: the node may be launched again, or an active node taken
 * down. The record tells so, though it may come a moment after the end of the log and may still be
 * the one from before it, so each state of the record restarts the log at most once.
 */
export function useReopenedLog(log: Log, node: ReadonlySignal<NodeRecord | undefined>): void {
  const { status, updated_at: updated } = node.value ?? {}
  const isOver = log.connection.value.state === 'over'
  const updatedAtEnd = useRef<string | undefined>(undefined)
  const lastRestart = useRef<string | undefined>(undefined)
  useEffect(() => {
    if (isOver) updatedAtEnd.current = node.peek()?.updated_at
  }, [isOver, node])
  useEffect(() => {
    const isRelaunched = status === 'launching' && updated !== updatedAtEnd.current
    const isTakenDown = log.done.peek()?.status === 'active' && isEnded(status)
    if (!isOver || !(isRelaunched || isTakenDown) || updated === lastRestart.current) return
    lastRestart.current = updated
    log.start()
  }, [isOver, status, updated, log])
}
