import { writeAddress } from '../address-file.js'
import type { Config } from '../config.js'
import { openDataFolder } from '../data-folder.js'
import { createLogger } from '../logger.js'
import { startWorkers } from './primary.js'

/** A server of several processes, as whoever starts it sees it. */
export interface WorkersServer {
  readonly url: string
  /** The token was set. */
  readonly madeToken: undefined
  readonly tokenFile: undefined
  logStart(): void
  close(): Promise<void>
  kill(): void
}

/** Starts the workers, and keeps what all of them share in the data folder. Throws a StartError. */
export async function createWorkers(config: Config): Promise<WorkersServer> {
  const logger = createLogger(config)
  const folder = await openDataFolder(config.dataDir)
  const workers = await startWorkers({
    count: config.workers,
    // Each would create a key of its own.
    env: config.secretsKey
      ? {}
      : { LAUNCHTAIL_SECRETS_KEY: (await folder.secret('secrets-key', 32)).value },
    onNotice: (sentence) => logger.warn(sentence),
  })
  const { url, kill } = workers
  const address = await writeAddress(folder.file('url'), url)
  return {
    ...{ url, kill, madeToken: undefined, tokenFile: undefined },
    logStart: () => logger.info(`listening at ${url} with ${config.workers} workers`),
    async close() {
      await address.remove()
      const isInOrder = await workers.close()
      folder.unlock()
      if (!isInOrder) throw new Error('a worker was ended before it had stopped in order')
    },
  }
}
