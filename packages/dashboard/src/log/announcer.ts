import type { DoneEvent } from '@launchtail/client'
import { type ReadonlySignal, signal } from '@preact/signals'
import { phaseName } from '../parts/phases.js'
import type { Line } from './line.js'

/** A screen reader is told no more often than this, in ms. */
const INTERVAL = 5000

export interface Announcer {
  readonly announcement: ReadonlySignal<string>
  /** Lines have come. */
  update(): void
  /** The launch is over. */
  finish(event: DoneEvent): void
  stop(): void
}

/** Tells a screen reader how far the launch is, not each of its lines. */
export function createAnnouncer(lines: readonly Line[]): Announcer {
  const announcement = signal('')
  let timer: ReturnType<typeof setTimeout> | undefined
  return { announcement, update, finish, stop }

  function update(): void {
    timer ??= setTimeout(() => {
      timer = undefined
      const last = lines.at(-1)?.entry
      if (!last) return
      const known = lines.findLast(({ entry }) => entry.progress !== undefined)?.entry
      const progress = Math.round(known?.progress ?? 0)
      announcement.value = `${phaseName(last.phase)}, ${progress} %`
    }, INTERVAL)
  }

  function finish({ status, message }: DoneEvent): void {
    stop()
    announcement.value = `The launch is over: ${status}. ${message}`
  }

  function stop(): void {
    clearTimeout(timer)
    timer = undefined
  }
}
