import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { Counts } from './counts.js'

export interface PrometheusOptions {
  counts: Counts
  /** The number of open streams. */
  streams: () => number
}

/** The server's counts, and what its process uses from now on. */
export function createPrometheusRegistry({ counts, streams }: PrometheusOptions): Registry {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  new Gauge({
    name: 'launchtail_streams',
    help: 'Open streams.',
    registers,
    collect() {
      this.set(streams())
    },
  })
  for (const [key, name, help] of COUNTERS) {
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset()
        this.inc(counts[key])
      },
    })
  }
  return registry
}

const COUNTERS = [
  ['appended', 'launchtail_entries_appended_total', 'Entries stored through this process.'],
  [
    'skipped',
    'launchtail_entries_skipped_total',
    'Texts in watched lists that were skipped because they are not entries.',
  ],
  [
    'leftOut',
    'launchtail_entries_left_out_total',
    'Entries that were not kept because their log was full.',
  ],
  ['faults', 'launchtail_storage_faults_total', 'Storage faults that occurred between requests.'],
] as const satisfies (readonly [keyof Counts, string, string])[]
