import { ConnectionError } from './errors.js'
import { reconnecting } from './reconnecting.js'
import { FETCHED } from './request.js'

export interface NodeEventSourceOptions {
  /** Sent with every request, for example the token. */
  headers?: Record<string, string>
  fetch?: typeof globalThis.fetch
}

type Handler<Of extends Event> = ((event: Of) => void) | null
/** As in the types of a browser's EventSource, every named event is a message. */
type Listener = Handler<MessageEvent> | { handleEvent(event: MessageEvent): void }
type ListenerOptions = Parameters<EventTarget['addEventListener']>[2]

/**
 * An EventSource that accepts `headers`, for programs that expect one. It is a class because an
 * EventSource is one.
 *
 * It differs from a browser's in one thing: listeners of `error` receive the server's `error`
 * events with their data, and a broken connection is reported to `onerror` only. It reconnects by
 * itself, and closes after 204 or a refusal that is final.
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
  onopen: Handler<Event> = null
  onmessage: Handler<MessageEvent> = null
  /** The connection broke or was refused; `event.error` says why. */
  onerror: Handler<Event> = null
  readonly #away = new AbortController()

  constructor(
    url: string | URL,
    { headers = {}, fetch = globalThis.fetch }: NodeEventSourceOptions = {},
  ) {
    super()
    this.url = new URL(url, globalThis.location?.href).href
    void this.#read(headers, fetch)
  }

  override addEventListener(type: string, listener: Listener, options?: ListenerOptions): void {
    super.addEventListener(type, listener as EventListener, options)
  }

  override removeEventListener(type: string, listener: Listener, options?: ListenerOptions): void {
    super.removeEventListener(type, listener as EventListener, options)
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
          return await fetch(this.url, { ...FETCHED, headers: sent, signal })
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
      // The caller adds its listeners after the constructor has returned.
      await Promise.resolve()
      const { origin } = new URL(this.url)
      let lastEventId = ''
      for await (const { event, data, id } of events) {
        lastEventId = id || lastEventId
        const message = new MessageEvent(event, { data, lastEventId, origin })
        this.dispatchEvent(message)
        if (event === 'message') tell(this.onmessage, message)
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
    tell(this.onopen, event)
  }

  #failed(error: Error | undefined): void {
    tell(this.onerror, Object.assign(new Event('error'), { error }))
  }
}

/** An error in the program's handler is thrown outside the stream, which it does not end. */
function tell<Of extends Event>(handler: Handler<Of>, event: Of): void {
  try {
    handler?.(event)
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
