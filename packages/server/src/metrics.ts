import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'

/** What the server counts of itself, as Prometheus reads it. */
export function createMetrics(streams: () => number) {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  new Gauge({
    name: 'launchtail_streams',
    help: 'Streams that are open.',
    registers,
    collect() {
      this.set(streams())
    },
  })
  return {
    registry,
    appended: new Counter({
      name: 'launchtail_entries_appended_total',
      help: 'Entries stored through this process.',
      registers,
    }),
    skipped: new Counter({
      name: 'launchtail_entries_skipped_total',
      help: 'Texts in watched lists that are no entries and were passed over.',
      registers,
    }),
    leftOut: new Counter({
      name: 'launchtail_entries_left_out_total',
      help: 'Entries not kept because their log had reached its bound.',
      registers,
    }),
    faults: new Counter({
      name: 'launchtail_storage_faults_total',
      help: 'Faults of the storage noticed between requests.',
      registers,
    }),
  }
}
