import { ConnectionError } from './errors.js'
import { reconnecting } from './reconnecting.js'

export interface NodeEventSourceOptions {
  /** Sent with every request: the token, say. */
  headers?: Record<string, string>
  fetch?: typeof globalThis.fetch
}

type Handler = ((event: Event) => void) | null

/**
 * An EventSource that takes `headers`, for programs that are written for one. A class, because
 * that is what an EventSource is.
 *
 * One thing is better than in a browser's: the server's `error` events go to listeners of `error`,
 * with their data, and a broken connection to `onerror` alone. It connects again by itself; after
 * a refusal that cannot pass, or 204, it is closed.
 */
export class NodeEventSource extends EventTarget {
  static readonly CONNECTING = 0
  static readonly OPEN = 1
  static readonly CLOSED = 2
  readonly CONNECTING = 0
  readonly OPEN = 1
  readonly CLOSED = 2
  readonly url: string
  readonly withCredentials = false
  readyState: 0 | 1 | 2 = 0
  onopen: Handler = null
  onmessage: Handler = null
  /** The connection broke, or was refused: `event.error` says how. */
  onerror: Handler = null
  readonly #away = new AbortController()

  constructor(
    url: string | URL,
    { headers = {}, fetch = globalThis.fetch }: NodeEventSourceOptions = {},
  ) {
    super()
    this.url = String(url)
    void this.#read(headers, fetch)
  }

  close(): void {
    this.readyState = this.CLOSED
    this.#away.abort()
  }

  async #read(headers: Record<string, string>, fetch: typeof globalThis.fetch): Promise<void> {
    const events = reconnecting({
      connect: async (lastEventId, signal) => {
        const resume = lastEventId ? { 'Last-Event-ID': lastEventId } : {}
        const sent = { Accept: 'text/event-stream', ...headers, ...resume }
        try {
          return await fetch(this.url, { headers: sent, cache: 'no-store', signal })
        } catch (cause) {
          signal.throwIfAborted()
          throw new ConnectionError(`no answer from ${this.url}`, { cause })
        }
      },
      signal: this.#away.signal,
      timeout: Number.POSITIVE_INFINITY,
      isLast: () => false,
      onState: (state) => {
        if (state.state === 'live') this.#opened()
        else this.readyState = this.CONNECTING
        if (state.state === 'waiting') this.#failed(state.error)
      },
    })
    try {
      // The caller puts its listeners on after the constructor has returned.
      await Promise.resolve()
      for await (const { event, data, id } of events) {
        const message = new MessageEvent(event, { data, lastEventId: id, origin: this.#origin() })
        this.dispatchEvent(message)
        if (event === 'message') this.onmessage?.(message)
      }
      this.readyState = this.CLOSED
    } catch (error) {
      if (this.#away.signal.aborted) return
      this.readyState = this.CLOSED
      this.#failed(error as Error)
    }
  }

  #opened(): void {
    this.readyState = this.OPEN
    const event = new Event('open')
    this.dispatchEvent(event)
    this.onopen?.(event)
  }

  #failed(error: Error | undefined): void {
    this.onerror?.(Object.assign(new Event('error'), { error }))
  }

  #origin(): string {
    return new URL(this.url).origin
  }
}
