import type { ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'
import { lingerBriefly } from './connections.js'

/**
 * Takes an answer from the framework, for a stream: nothing can be refused any more. What the framework
 * listens with for the answer's end would keep its request and its reply as long as the stream is open,
 * which is 3 KiB for each; so it listens no more.
 */
export function takeOver(reply: FastifyReply): ServerResponse {
  reply.hijack()
  const { raw } = reply
  const request = reply.request.raw
  for (const event of ['finish', 'error']) {
    for (const listener of raw.listeners(event)) {
      if (listener.name === FRAMEWORKS_LISTENER) raw.off(event, listener as () => void)
    }
  }
  // Its connection closes, and then the reader is removed.
  raw.on('error', ignore)
  if (!request.complete) raw.once('finish', () => lingerBriefly(request))
  return raw
}

/** In Fastify's `lib/reply.js`. A test sees to it that nothing is left by another name. */
const FRAMEWORKS_LISTENER = 'onResFinished'

function ignore(): void {}
