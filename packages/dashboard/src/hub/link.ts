import { baseUrl, token } from '../session.js'
import type { FromHub, LinkState, Port, ToHub } from './messages.js'

type Told<Type extends FromHub['type']> = Omit<Extract<FromHub, { type: Type }>, 'type' | 'id'>

export interface Listener {
  onState(state: LinkState): void
  onRefused(refusal: Told<'refused'>): void
  onNodes?(nodes: Told<'nodes'>): void
  onEvents?(events: Told<'events'>['events']): void
}

/** What a tab asks the hub for. */
export type Wish = { type: 'fleet' } | { type: 'log'; nodeId: string; lastEventId?: string }

export interface Link {
  stop(): void
}

interface Subscribed {
  readonly wish: ToHub
  readonly listener: Listener
}

/**
 * A worker says that it is there as soon as a tab connects. One that has not by then, in ms, is not
 * waited for: Chromium does not always report a script that could not be loaded.
 */
const ANSWER_DEADLINE = 4000

const subscribed = new Map<number, Subscribed>()
let nextId = 1
let port = typeof SharedWorker === 'function' ? workerPort() : ownPort()

/** Subscribes until `stop` is called. */
export function subscribe(wish: Wish, listener: Listener): Link {
  const id = nextId++
  const from = { baseUrl, token: token.peek() }
  const message = { lastEventId: undefined, ...wish, id, from } as ToHub
  subscribed.set(id, { wish: message, listener })
  void send(message)
  return {
    stop() {
      if (subscribed.delete(id)) void send({ type: 'stop', id })
    },
  }
}

async function send(message: ToHub): Promise<void> {
  ;(await port).postMessage(message)
}

async function workerPort(): Promise<Port> {
  const worker = new SharedWorker(new URL('./worker.ts', import.meta.url), { type: 'module' })
  let hasGivenUp = false
  const deadline = setTimeout(giveUp, ANSWER_DEADLINE)
  worker.onerror = giveUp
  worker.port.onmessage = ({ data }: MessageEvent<FromHub>) => {
    // A tab that has given up has a hub of its own by now.
    if (hasGivenUp) return
    clearTimeout(deadline)
    receive(data)
  }
  return worker.port

  /** Nothing that was sent to the worker was read: all of it is sent to a hub of the tab's own. */
  function giveUp(): void {
    if (hasGivenUp) return
    hasGivenUp = true
    clearTimeout(deadline)
    // It may only be slow.
    for (const id of subscribed.keys()) worker.port.postMessage({ type: 'stop', id })
    port = ownPort()
    for (const { wish } of subscribed.values()) void send(wish)
  }
}

/** Where there are no shared workers (Chrome on Android), each tab has a hub of its own. */
async function ownPort(): Promise<Port> {
  const { createHub } = await import('./hub.js')
  const { port1, port2 } = new MessageChannel()
  createHub().serve(port1)
  port2.onmessage = ({ data }: MessageEvent<FromHub>) => receive(data)
  return port2
}

function receive(message: FromHub): void {
  if (message.type === 'ready') return
  const { id } = message
  const listener = subscribed.get(id)?.listener
  if (message.type === 'state') listener?.onState(message.state)
  else if (message.type === 'refused') listener?.onRefused(message)
  else {
    if (message.type === 'nodes') listener?.onNodes?.(message)
    else listener?.onEvents?.(message.events)
    void send({ type: 'taken', id })
  }
}

// A shared worker is not told that a tab is closed.
addEventListener('pagehide', () => {
  for (const id of subscribed.keys()) void send({ type: 'stop', id })
})
// One that comes back from the browser's memory has lost what it subscribed to.
addEventListener('pageshow', ({ persisted }) => {
  if (persisted) location.reload()
})
document.addEventListener('visibilitychange', look)
addEventListener('focus', look)

// The network is back: no need to wait for the next attempt.
addEventListener('online', look)

/** The logs of the tab that is looked at come first, and what waits to connect again does so now. */
export function look(): void {
  if (document.hidden) return
  for (const id of subscribed.keys()) void send({ type: 'seen', id })
}
