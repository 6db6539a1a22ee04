import { METRICS, type MetricSources } from './metrics.js'
import { metricText } from './text.js'

/** The metrics as text for Prometheus. */
export interface Metrics {
  read(): Promise<{ contentType: string; text: string }>
}

/** Loads what it needs when it is read for the first time: many servers are never asked. */
export function createMetrics(sources: MetricSources): Metrics {
  let loading: ReturnType<typeof load> | undefined
  return {
    async read() {
      loading ??= load()
      const ofProcess = await loading
      const nodes = await sources.nodes()
      const texts = METRICS.map((metric) => metricText(metric, metric.read({ ...sources, nodes })))
      const text = [...texts, await ofProcess.metrics()].join('\n\n')
      return { contentType: ofProcess.contentType, text }
    },
  }
}

async function load() {
  const { createProcessMetrics } = await import('./process-metrics.js')
  return createProcessMetrics()
}
