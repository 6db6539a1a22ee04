import { collectDefaultMetrics, Registry } from 'prom-client'

/** What the process uses from now on: memory, processor, event loop, garbage. */
export function createProcessMetrics(): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  return registry
}
