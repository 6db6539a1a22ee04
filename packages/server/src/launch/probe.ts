import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import { withDeadline } from '@launchtail/client/async'

export interface Probe {
  /** True once something answers there. */
  readonly answers: boolean
  /** True once it says that it is ready. */
  readonly ready: boolean
}

export interface ProbeOptions {
  /** Where the server is reached, such as `http://127.0.0.1:8000`. */
  base: string
  /** Milliseconds between two attempts. */
  interval: number
  signal: AbortSignal
}

const TIMEOUT = 2000

/** Asks a model server whether it is ready, until it is. The probe it returns is kept up to date. */
export function startProbe({ base, interval, signal }: ProbeOptions): Probe {
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
   * `/health` decides where it exists, because some servers list their models while they load them.
   */
  async function askReadiness(): Promise<number | undefined> {
    const status = await ask('/health')
    const known = status !== 404 && status !== 405 && status !== 501
    return known ? status : ((await ask('/v1/models')) ?? status)
  }

  async function ask(path: string): Promise<number | undefined> {
    try {
      return await withDeadline(TIMEOUT, signal, (within) => statusAt(new URL(path, base), within))
    } catch {
      // Refused, not HTTP, or too slow: not ready yet.
      return undefined
    }
  }
}

function statusAt(url: URL, signal: AbortSignal): Promise<number | undefined> {
  const request = url.protocol === 'https:' ? requestHttps : requestHttp
  return new Promise((resolve, reject) => {
    const asked = request(url, { agent: false, signal })
    asked.once('response', (response) => {
      resolve(response.statusCode)
      response.destroy()
    })
    asked.on('error', reject)
    asked.end()
  })
}
