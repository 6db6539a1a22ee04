// better-sse: sessions in a channel, and `channel.broadcast`.
import { createChannel, createSession } from 'better-sse'
import { serve } from './http.mjs'

const channels = new Map()
let count = 0

serve({
  async stream(name, request, response) {
    // The entry is JSON already.
    const serializer = (data) => data
    const session = await createSession(request, response, { serializer, keepAlive: null })
    response.flushHeaders()
    channelOf(name).register(session)
  },
  publish(name, entry) {
    channelOf(name).broadcast(entry, 'log', { eventId: String(count) })
    count += 1
  },
})

function channelOf(name) {
  let channel = channels.get(name)
  if (!channel) {
    channel = createChannel()
    channels.set(name, channel)
  }
  return channel
}
