import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Probe {
  /** Something answers on the port. */
  readonly answers: boolean
  /** And says that it is ready. */
  readonly ready: boolean
}

export interface ProbeOptions {
  port: number
  /** Milliseconds between two attempts. */
  interval: number
  signal: AbortSignal
}

const TIMEOUT = 2000

/** Asks a model server whether it is ready, until it is. What it returns is kept up to date. */
export function startProbe({ port, interval, signal }: ProbeOptions): Probe {
  const probe = { answers: false, ready: false }
  void watch()
  return probe

  async function watch(): Promise<void> {
    while (!signal.aborted && !probe.ready) {
      const status = await askReadiness()
      if (status !== undefined) probe.answers = true
      if (status !== undefined && status >= 200 && status < 300) probe.ready = true
      // Rejects when the signal aborts, and then nobody looks any more.
      else await sleep(interval, undefined, { signal }).catch(() => {})
    }
  }

  /**
   * `/health` decides where there is one: some servers list their models while they load them.
   */
  async function askReadiness(): Promise<number | undefined> {
    const status = await ask('/health')
    const known = status !== 404 && status !== 405 && status !== 501
    return known ? status : ((await ask('/v1/models')) ?? status)
  }

  function ask(path: string): Promise<number | undefined> {
    return new Promise((resolve) => {
      const within = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT)])
      const asked = request({ host: '127.0.0.1', port, path, agent: false, signal: within })
      asked.once('response', (response) => {
        resolve(response.statusCode)
        response.destroy()
      })
      // Refused, no HTTP, or too slow: not ready yet.
      asked.on('error', () => resolve(undefined))
      asked.end()
    })
  }
}
