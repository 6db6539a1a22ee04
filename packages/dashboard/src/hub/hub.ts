import { createClient } from '@launchtail/client'
import { type Fleet, watchFleet } from './fleet.js'
import { watchLog } from './log.js'
import type {
  Credentials,
  FromHub,
  Port,
  SubscribeMessage,
  Subscription,
  ToHub,
} from './messages.js'
import { createStreamSlots } from './stream-slots.js'

export interface Hub {
  /** Serves a tab through a port of its own. */
  serve(port: Port): void
}

/**
 * Holds the connections for all tabs of a browser. Over HTTP/1.1 a browser opens six to a server,
 * and a stream keeps one. So all tabs share the fleet's stream, and only a few logs stream at a
 * time. The hub runs in a shared worker: no leader has to be elected that may be suspended or
 * closed, and it works over plain HTTP, where a browser has no Web Locks.
 */
export function createHub(): Hub {
  const fleets = new Map<string, Fleet>()
  const slots = createStreamSlots()
  return { serve }

  function serve(port: Port): void {
    const subscriptions = new Map<number, Subscription>()
    const send = (message: FromHub) => port.postMessage(message)
    port.onmessage = ({ data }: MessageEvent<ToHub>) => receive(data, subscriptions, send)
    send({ type: 'ready' })
  }

  function receive(
    message: ToHub,
    subscriptions: Map<number, Subscription>,
    send: (message: FromHub) => void,
  ): void {
    if (message.type === 'close') {
      for (const { stop } of subscriptions.values()) stop()
      subscriptions.clear()
    } else if (message.type === 'fleet' || message.type === 'log') {
      subscriptions.set(message.id, start(message, send))
    } else {
      const known = subscriptions.get(message.id)
      if (message.type === 'focus') known?.focus()
      else if (message.type === 'ack') known?.ack()
      else {
        known?.stop()
        subscriptions.delete(message.id)
      }
    }
  }

  function start(request: SubscribeMessage, send: (message: FromHub) => void): Subscription {
    const { id, credentials } = request
    if (request.type === 'fleet') return fleetOf(credentials).subscribe(id, send)
    return watchLog({ ...request, client: createClient(credentials), slots, send })
  }

  function fleetOf(credentials: Credentials): Fleet {
    const key = `${credentials.baseUrl} ${credentials.token}`
    const known = fleets.get(key)
    if (known) return known
    const fleet = watchFleet(createClient(credentials), () => {
      if (fleets.get(key) === fleet) fleets.delete(key)
    })
    fleets.set(key, fleet)
    return fleet
  }
}
