import { type Logger, pino } from 'pino'
import type { Config } from './config.js'
import type { Place } from './workers/place.js'

/** Logs to standard error, a JSON object a line; each says which worker's it is, where there are several. */
export function createLogger({ logLevel: level }: Pick<Config, 'logLevel'>, place?: Place): Logger {
  const logger = pino({ level }, pino.destination({ fd: 2, sync: true }))
  return place && place.count > 1 ? logger.child({ worker: place.number }) : logger
}
