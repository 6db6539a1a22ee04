import type { PrometheusOptions } from './prometheus.js'

/** The metrics as text for Prometheus. */
export interface Metrics {
  read(): Promise<{ contentType: string; text: string }>
}

/** Loads what it needs when it is read for the first time: many servers are never asked. */
export function createMetrics(options: PrometheusOptions): Metrics {
  let loading: ReturnType<typeof load> | undefined
  return {
    async read() {
      loading ??= load(options)
      const registry = await loading
      return { contentType: registry.contentType, text: await registry.metrics() }
    },
  }
}

async function load(options: PrometheusOptions) {
  const { createPrometheusRegistry } = await import('./prometheus.js')
  return createPrometheusRegistry(options)
}
