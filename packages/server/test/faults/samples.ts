import { readdirSync, readFileSync } from 'node:fs'
import type { RunningServer } from '../support/processes.js'

/** What a server's process holds at one time. */
export interface Sample {
  /** Seconds since the beginning. */
  readonly at: number
  readonly mebibytes: number
  /** Descriptors besides those of streams, of which a server has as many as readers come to it. */
  readonly descriptors: number
  readonly timers: number
}

/** Milliseconds between two samples, and that the metrics are waited for. */
const EVERY = 5000
const PATIENCE = 3000

/** Looks at a server's process again and again. One that does not answer just then is looked at later. */
export function startSampling(server: RunningServer): { stop(): readonly Sample[] } {
  const samples: Sample[] = []
  const begun = performance.now()
  const timer = setInterval(() => {
    look(server, (performance.now() - begun) / 1000).then(
      (sample) => void samples.push(sample),
      () => {},
    )
  }, EVERY)
  return {
    stop() {
      clearInterval(timer)
      return samples
    },
  }
}

async function look(server: RunningServer, at: number): Promise<Sample> {
  const answer = await server.fetch('/metrics', { signal: AbortSignal.timeout(PATIENCE) })
  const text = await answer.text()
  const { pid } = server.child
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return {
    at,
    mebibytes: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024,
    descriptors: readdirSync(`/proc/${pid}/fd`).length - metricOf(text, 'launchtail_streams'),
    timers: metricOf(text, 'nodejs_active_resources{type="Timeout"}'),
  }
}

function metricOf(metrics: string, series: string): number {
  const line = metrics.split('\n').find((one) => one.startsWith(`${series} `))
  if (line === undefined) throw new Error(`there is no ${series}`)
  return Number(line.slice(series.length))
}
