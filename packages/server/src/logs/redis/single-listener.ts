import { connectionTo } from './connect.js'
import { createEcho } from './echo.js'
import {
  CHECK_EVERY,
  RETRY_EVERY,
  type RedisListener,
  type RedisListenerOptions,
} from './listener.js'

/** One connection, made again whenever it ends or is silent. */
export function singleListener(options: RedisListenerOptions): RedisListener {
  const { address, heard, subscribed, onFault } = options
  const redis = connectionTo(address)
  const echo = createEcho(redis, options)
  const channels = new Set<string>()
  /** Channels whose subscription could not be asked for, or was not answered. */
  const failed = new Set<string>()
  const checker = setInterval(() => void echo.check(), CHECK_EVERY)
  const retrier = setInterval(() => {
    if (redis.status === 'ready') for (const channel of failed) subscribe(channel)
  }, RETRY_EVERY)
  checker.unref()
  retrier.unref()
  redis.on('error', (error) => onFault('redis subscriber', error))
  redis.on('ready', () => {
    for (const channel of channels) subscribed(channel)
  })
  redis.on('message', (channel, message) => {
    if (!echo.heard(channel)) heard(channel, message)
  })
  return {
    connect: () => redis.connect(),
    add(channel) {
      channels.add(channel)
      subscribe(channel)
    },
    delete(channel) {
      channels.delete(channel)
      failed.delete(channel)
      redis.unsubscribe(channel).catch((error) => onFault('redis unsubscribe', error))
    },
    renew(channel) {
      redis.unsubscribe(channel).then(
        () => channels.has(channel) && subscribe(channel),
        (error) => onFault('redis unsubscribe', error),
      )
    },
    close() {
      clearInterval(checker)
      clearInterval(retrier)
      redis.removeAllListeners('message')
      redis.disconnect()
    },
  }

  function subscribe(channel: string): void {
    failed.delete(channel)
    redis.subscribe(channel).then(
      () => {
        if (channels.has(channel)) subscribed(channel)
      },
      (error) => {
        if (channels.has(channel)) failed.add(channel)
        onFault('redis subscribe', error)
      },
    )
  }
}
