import type { FromHub, Port, ToHub } from './messages.js'

/**
 * The hub greets a tab as soon as it connects. A worker that has not done so by then, in ms, is
 * given up: Chromium does not always report a script that could not be loaded.
 */
const GREETING_DEADLINE = 4000

export interface HubConnection {
  send(message: ToHub): void
}

export interface HubOptions {
  onMessage: (message: FromHub) => void
  /** Another hub has taken over, which has no subscription yet. */
  onReplaced: () => void
}

/** Connects to the hub all tabs share, or to one of this tab's own where there is none. */
export function connectToHub({ onMessage, onReplaced }: HubOptions): HubConnection {
  let port = typeof SharedWorker === 'function' ? workerPort() : ownPort()
  return {
    async send(message) {
      ;(await port).postMessage(message)
    },
  }

  async function workerPort(): Promise<Port> {
    const worker = new SharedWorker(new URL('./worker.ts', import.meta.url), { type: 'module' })
    const deadline = setTimeout(replace, GREETING_DEADLINE)
    worker.onerror = replace
    worker.port.onmessage = ({ data }: MessageEvent<FromHub>) => {
      clearTimeout(deadline)
      worker.onerror = null
      onMessage(data)
    }
    return worker.port

    function replace(): void {
      clearTimeout(deadline)
      worker.onerror = null
      // It may only be slow: it must neither serve this tab any more nor be listened to.
      worker.port.onmessage = null
      worker.port.postMessage({ type: 'close' } satisfies ToHub)
      port = ownPort()
      onReplaced()
    }
  }

  /** Chrome on Android has no shared workers. */
  async function ownPort(): Promise<Port> {
    const { createHub } = await import('./hub.js')
    const { port1, port2 } = new MessageChannel()
    createHub().serve(port1)
    port2.onmessage = ({ data }: MessageEvent<FromHub>) => onMessage(data)
    return port2
  }
}
