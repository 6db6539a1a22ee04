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

const listeners = new Map<number, Listener>()
let nextId = 1
const port = connect()

/** Subscribes until `stop` is called. */
export function subscribe(wish: Wish, listener: Listener): Link {
  const id = nextId++
  listeners.set(id, listener)
  void send({
    lastEventId: undefined,
    ...wish,
    id,
    from: { baseUrl, token: token.peek() },
  } as ToHub)
  return {
    stop() {
      if (listeners.delete(id)) void send({ type: 'stop', id })
    },
  }
}

async function send(message: ToHub): Promise<void> {
  ;(await port).postMessage(message)
}

async function connect(): Promise<Port> {
  const port = typeof SharedWorker === 'function' ? workerPort() : await ownPort()
  port.onmessage = ({ data }: MessageEvent<FromHub>) => receive(data)
  return port
}

function workerPort(): Port {
  const worker = new SharedWorker(new URL('./worker.ts', import.meta.url), { type: 'module' })
  return worker.port
}

/** Where there are no shared workers (Chrome on Android), each tab has a hub of its own. */
async function ownPort(): Promise<Port> {
  const { createHub } = await import('./hub.js')
  const { port1, port2 } = new MessageChannel()
  createHub().serve(port1)
  return port2
}

function receive(message: FromHub): void {
  const { id } = message
  const listener = listeners.get(id)
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
  for (const id of listeners.keys()) void send({ type: 'stop', id })
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
  for (const id of listeners.keys()) void send({ type: 'seen', id })
}
