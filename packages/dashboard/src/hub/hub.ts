import { createClient } from '@launchtail/client'
import { type Fleet, watchFleet } from './fleet.js'
import { watchLog } from './log.js'
import type { Credentials, FromHub, Port, Subscription, ToHub } from './messages.js'
import { createTurns } from './turns.js'

export interface Hub {
  serve(port: Port): void
}

/**
 * Holds the connections for all tabs of a browser. Over HTTP/1.1 a browser opens six to a server,
 * and a stream keeps one; so the fleet's is shared by all tabs, and only a few logs stream at a
 * time. The hub runs in a shared worker: that needs no election of a leader that may be suspended or
 * closed, and works over plain HTTP, where a browser has no Web Locks.
 */
export function createHub(): Hub {
  const fleets = new Map<string, Fleet>()
  const turns = createTurns()
  return { serve }

  function serve(port: Port): void {
    const subscriptions = new Map<number, Subscription>()
    port.onmessage = ({ data }: MessageEvent<ToHub>) => {
      const known = subscriptions.get(data.id)
      if (data.type === 'seen') known?.seen()
      else if (data.type === 'taken') known?.taken()
      else if (data.type === 'stop') {
        known?.stop()
        subscriptions.delete(data.id)
      } else
        subscriptions.set(
          data.id,
          start(data, (message) => port.postMessage(message)),
        )
    }
    port.postMessage({ type: 'ready' })
  }

  function start(
    request: Extract<ToHub, { from: Credentials }>,
    send: (message: FromHub) => void,
  ): Subscription {
    const { id, from } = request
    if (request.type === 'fleet') return fleetOf(from).subscribe(id, send)
    return watchLog({ ...request, client: createClient(from), turns, send })
  }

  function fleetOf(from: Credentials): Fleet {
    const key = `${from.baseUrl} ${from.token}`
    const known = fleets.get(key)
    if (known) return known
    const fleet = watchFleet(createClient(from), () => {
      if (fleets.get(key) === fleet) fleets.delete(key)
    })
    fleets.set(key, fleet)
    return fleet
  }
}
