import { join } from 'node:path'
import type { Config } from '../config.js'
import type { FromWorker, ToWorker } from './messages.js'
import { type Place, takePlace } from './place.js'

/** A worker's side of the connection to the process that started it. */
export interface WorkerLink {
  readonly place: Place
  /** The settings, with a data folder of its own. */
  configOf(config: Config): Config
  tell(message: FromWorker): Promise<void>
  /** Called once it is to end in order, by whatever signal. */
  onStop(end: () => void): void
  /** The metrics of all workers, instead of its own. */
  shareMetrics(own: Metrics): Metrics
}

interface Metrics {
  read(): Promise<{ contentType: string; text: string }>
}

export function linkToPrimary(): WorkerLink {
  const place = takePlace(process.env)
  const waiting = new Map<number, (text: string) => void>()
  let own: Metrics | undefined
  let last = 0
  let isToStop = false
  let end: (() => void) | undefined
  const stop = () => {
    // All of a group of processes get a terminal's signal, and then each is told by the first one, too.
    if (!isToStop) end?.()
    isToStop = true
  }
  process.on('message', (message: ToWorker) => {
    if (message.kind === 'stop') stop()
    else if (message.kind === 'all') waiting.get(message.id)?.(message.text)
    else void answer(message.id)
  })
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  return {
    place,
    configOf: (config) => ({ ...config, dataDir: join(config.dataDir, `worker-${place.number}`) }),
    tell,
    onStop(act) {
      end = act
      if (isToStop) end()
    },
    shareMetrics(metrics) {
      own = metrics
      return { read: readAll }
    },
  }

  async function answer(id: number): Promise<void> {
    if (own) await tell({ kind: 'own', id, text: (await own.read()).text })
  }

  async function readAll(): Promise<{ contentType: string; text: string }> {
    const { contentType } = await (own as Metrics).read()
    last += 1
    const id = last
    const text = await new Promise<string>((resolve) => {
      waiting.set(id, resolve)
      void tell({ kind: 'ask', id })
    })
    waiting.delete(id)
    return { contentType, text }
  }
}

/** Ends when the message is on its way. */
function tell(message: FromWorker): Promise<void> {
  return new Promise((resolve) => process.send?.(message, undefined, undefined, () => resolve()))
}
