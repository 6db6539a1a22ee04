import { setTimeout as sleep } from 'node:timers/promises'
import type { LaunchWord } from '../ingest/launch-line.js'
import { type AskOptions, serverAsker } from './readiness/ask-server.js'

export interface Probe {
  /** True once something answers there. */
  readonly answers: boolean
  /** True once it says that it is ready. */
  readonly ready: boolean
  /** Why it will not become ready as it is asked, where its answers show that. */
  readonly complaint: string | undefined
  /** The complaint, as a word for the log, once it has held for a while. It is given once. */
  takeWarning(): LaunchWord | undefined
}

export interface ProbeOptions extends AskOptions {
  /** Milliseconds between two attempts. */
  interval: number
  /** Milliseconds that a complaint must hold before it is worth a warning. */
  patience?: number
}

const PATIENCE = 15_000

/** Asks a model server whether it is ready, until it is. The probe it returns is kept up to date. */
export function startProbe({ interval, patience = PATIENCE, ...options }: ProbeOptions): Probe {
  const { base, readiness, signal } = options
  const ask = serverAsker(options)
  let since: number | undefined
  let warned = false
  const probe = { answers: false, ready: false, complaint: undefined as string | undefined }
  void watch()
  return Object.assign(probe, { takeWarning })

  async function watch(): Promise<void> {
    while (!signal.aborted && !probe.ready) {
      await look()
      // Rejects when the signal aborts, and then nobody looks any more.
      if (!probe.ready) await sleep(interval, undefined, { signal }).catch(() => {})
    }
  }

  /** The first path that the server has decides. */
  async function look(): Promise<void> {
    const statuses: number[] = []
    for (const path of readiness.paths) {
      const status = await ask(path)
      if (status === undefined) return settle()
      probe.answers = true
      statuses.push(status)
      if (status >= 200 && status < 300) {
        probe.ready = true
        return settle()
      }
      if (HAS_NO_SUCH_PATH.has(status)) continue
      // A server that is loading answers something else later.
      return status >= 500 ? settle() : settle([status], [path])
    }
    settle(statuses, readiness.paths)
  }

  /** Notes what the server answers to paths that will not show that it is ready, if it does. */
  function settle(statuses: readonly number[] = [], paths: readonly string[] = []): void {
    const answers = [...new Set(statuses)].join(' and ')
    const advice = `${readiness.guessed ? 'set' : 'correct'} readiness.path`
    const complaint = `the server at ${base} answers ${answers} to ${paths.join(', ')}; ${advice}`
    probe.complaint = paths.length > 0 ? complaint : undefined
    since = paths.length > 0 ? (since ?? performance.now()) : undefined
  }

  function takeWarning(): LaunchWord | undefined {
    const { complaint } = probe
    if (warned || complaint === undefined || since === undefined) return undefined
    if (performance.now() - since < patience) return undefined
    warned = true
    return { level: 'warn', message: complaint.replace(/^t/, 'T') }
  }
}

const HAS_NO_SUCH_PATH = new Set([404, 405, 501])
