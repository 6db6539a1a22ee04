import { connect } from 'node:net'
import { onTestFinished } from 'vitest'
import { until } from './processes.js'

/** One answer as it stood on the wire. */
export interface RawAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Whether all of it is there. */
  readonly complete: boolean
  readonly json: () => unknown
}

export interface RawConnection {
  send(bytes: string | Uint8Array): void
  /** All that has come, a character for each byte. */
  text(): string
  /** What has come, taken apart by the rules of HTTP. Throws where it breaks them. */
  answers(): RawAnswer[]
  /** The n-th answer as soon as it is whole. */
  answer(n?: number): Promise<RawAnswer>
  isClosed(): boolean
  /** Goes away, as one who does not wait for the answer. */
  end(): void
  /** Ends when the server has closed. */
  closed(within?: number): Promise<unknown>
}

/** A connection on which anything can be said, as no HTTP client would let one. */
export function rawConnection(
  url: string,
  first: string | Uint8Array = '',
  /** An address of this machine, if the connection is to come from a certain one. */
  from?: string,
): RawConnection {
  const { hostname, port } = new URL(url)
  const where = { host: hostname, port: Number(port), ...(from && { localAddress: from }) }
  const socket = connect({ ...where, allowHalfOpen: false })
  let received = ''
  let over = false
  socket.setEncoding('latin1')
  socket.on('data', (chunk) => {
    received += chunk
  })
  // A server that closes while we still send resets the connection; that it closed is what counts.
  socket.on('error', () => {})
  socket.on('close', () => {
    over = true
  })
  onTestFinished(() => void socket.destroy())
  const connection: RawConnection = {
    send: (bytes) => void socket.write(bytes),
    text: () => received,
    answers: () => answersIn(received, over),
    answer: (n = 0) =>
      until(`answer ${n}`, () => {
        const answer = connection.answers()[n]
        if (answer?.complete) return answer
        if (over) throw new Error(`closed before answer ${n}: ${JSON.stringify(received)}`)
        return undefined
      }),
    isClosed: () => over,
    end: () => void socket.destroy(),
    closed: (within) => until('the server to close the connection', () => over, within),
  }
  connection.send(first)
  return connection
}

/** A request as text: its head, and its body with the length announced. */
export function rawRequest(
  line: string,
  headers: Readonly<Record<string, string>> = {},
  body?: string,
): string {
  const all = {
    Host: '127.0.0.1',
    ...headers,
    ...(body !== undefined && { 'Content-Length': String(Buffer.byteLength(body)) }),
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  const version = / HTTP\/\d/.test(line) ? '' : ' HTTP/1.1'
  return `${line}${version}\r\n${lines.join('')}\r\n${body ?? ''}`
}

function answersIn(text: string, over: boolean): RawAnswer[] {
  const answers: RawAnswer[] = []
  for (let at = 0; at < text.length; ) {
    const headEnd = text.indexOf('\r\n\r\n', at)
    if (headEnd === -1) break
    const [first = '', ...lines] = text.slice(at, headEnd).split('\r\n')
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(first)?.[1])
    if (!status) throw new Error(`no status line: ${JSON.stringify(first)}`)
    const headers = Object.fromEntries(
      lines.map((line) => {
        const [, name = '', value = ''] = /^([^:\s]+): ?(.*)$/.exec(line) ?? []
        return [name.toLowerCase(), value]
      }),
    )
    const { body, end, complete } = bodyIn(text, headEnd + 4, status, headers, over)
    at = end
    if (status >= 200)
      answers.push({ status, headers, body, complete, json: () => JSON.parse(body) })
  }
  return answers
}

function bodyIn(
  text: string,
  start: number,
  status: number,
  headers: Readonly<Record<string, string>>,
  over: boolean,
) {
  if (status < 200 || status === 204 || status === 304) {
    return { body: '', end: start, complete: true }
  }
  if (headers['transfer-encoding'] === 'chunked') return chunksIn(text, start)
  const length = headers['content-length']
  if (length === undefined) return { body: text.slice(start), end: text.length, complete: over }
  const end = start + Number(length)
  return { body: text.slice(start, end), end, complete: text.length >= end }
}

function chunksIn(text: string, start: number) {
  let body = ''
  for (let at = start; ; ) {
    const lineEnd = text.indexOf('\r\n', at)
    if (lineEnd === -1) return { body, end: text.length, complete: false }
    const line = text.slice(at, lineEnd)
    if (!/^[0-9a-f]+$/i.test(line)) throw new Error(`no chunk size: ${JSON.stringify(line)}`)
    const size = Number.parseInt(line, 16)
    if (size === 0) {
      // The trailers, and the line that ends them.
      const end = text.indexOf('\r\n\r\n', lineEnd)
      return { body, end: end === -1 ? text.length : end + 4, complete: end !== -1 }
    }
    const end = lineEnd + 2 + size
    body += text.slice(lineEnd + 2, end)
    if (text.length < end + 2) return { body, end: text.length, complete: false }
    if (text.slice(end, end + 2) !== '\r\n') throw new Error('a chunk is longer than it says')
    at = end + 2
  }
}
