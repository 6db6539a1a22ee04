import type { Stats, StatsKey } from '@launchtail/client'
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { client } from '../session.js'

/** How often the statistics are refreshed, in ms. */
const REFRESH = 30_000
/** How many of the last launches are drawn one by one. */
const LAST = 40

export interface StatsResult {
  readonly stats: Stats | undefined
  /** Why they could not be had; empty while they can. */
  readonly fault: string
}

export interface StatsChoice {
  /** Empty for all. */
  readonly since: string
  readonly by: StatsKey
  /** A query; empty for all. */
  readonly q: string
}

/** The statistics of the chosen launches, refreshed while the page is visible. */
export function useStats({ since, by, q }: StatsChoice): StatsResult {
  const stats = useSignal<Stats | undefined>(undefined)
  const fault = useSignal('')
  useEffect(() => {
    const controller = new AbortController()
    const { signal } = controller
    const refresh = async () => {
      try {
        const options = { by: [by], last: LAST, signal, ...(since && { since }), ...(q && { q }) }
        stats.value = await client.peek().getStats(options)
        fault.value = ''
      } catch (error) {
        if (!signal.aborted) fault.value = (error as Error).message
      }
    }
    void refresh()
    const timer = setInterval(() => document.hidden || void refresh(), REFRESH)
    return () => {
      clearInterval(timer)
      controller.abort()
    }
  }, [since, by, q, stats, fault])
  return { stats: stats.value, fault: fault.value }
}
