import { once } from 'node:events'
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2'
import { connect as dial } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { onTestFinished } from 'vitest'
import { TOKEN } from './processes.js'
import { HOST, type ReverseProxy } from './reverse-proxy.js'

export interface Http2Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
}

export interface Http2Stream {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  text(): string
  /** The messages of the `log` events so far. */
  messages(): string[]
  /** The last id, with which a reader comes again. */
  lastId(): string
  isOver(): boolean
  /** True when it has ended, and false when it has broken off. */
  isWhole(): boolean
  /** Ends when it has ended or broken off. */
  readonly ended: Promise<void>
  close(): void
}

export interface Http2Client {
  request(path: string, options?: RequestOptions): Promise<Http2Answer>
  open(path: string, headers?: Record<string, string>): Promise<Http2Stream>
}

interface RequestOptions {
  method?: string
  headers?: Record<string, string>
  body?: string
}

/** A connection over HTTP/2, perhaps from a certain address of this machine. */
export async function connectHttp2(
  { port, certificate }: ReverseProxy,
  localAddress = '127.0.0.1',
): Promise<Http2Client> {
  const session = connect(`https://${HOST}`, {
    createConnection: () =>
      connectTls({
        socket: dial({ host: '127.0.0.1', port, localAddress }),
        servername: HOST,
        ca: certificate,
        ALPNProtocols: ['h2'],
      }),
  })
  onTestFinished(() => session.destroy())
  await once(session, 'connect')
  // A proxy that goes away breaks it off. The streams tell.
  session.on('error', () => {})
  return { request, open }

  async function request(path: string, { method = 'GET', headers, body }: RequestOptions = {}) {
    const stream = sent(session, { ':method': method, ':path': path, ...headers }, body)
    const [answer] = await once(stream, 'response')
    const chunks: Buffer[] = []
    for await (const chunk of stream) chunks.push(chunk as Buffer)
    return { status: Number(answer[':status']), headers: answer, body: Buffer.concat(chunks) }
  }

  async function open(path: string, headers: Record<string, string> = {}): Promise<Http2Stream> {
    const stream = sent(session, { ':path': path, ...headers })
    const [answer] = await once(stream, 'response')
    if (answer[':status'] !== 200) throw new Error(`answered ${answer[':status']}`)
    let text = ''
    stream.setEncoding('utf8').on('data', (chunk) => {
      text += chunk
    })
    stream.on('error', () => {})
    let isOver = false
    const ended = new Promise<void>((resolve) => {
      stream.once('close', () => {
        isOver = true
        resolve()
      })
    })
    // The text after the last blank line is no event yet.
    const events = () => text.split('\n\n').slice(0, -1).map(fieldsOf)
    return {
      headers: answer,
      text: () => text,
      messages: () =>
        events()
          .filter(({ event }) => event === 'log')
          .map(({ data = '' }) => JSON.parse(data).message),
      lastId: () => events().findLast(({ id }) => id !== undefined)?.id ?? '',
      isOver: () => isOver,
      isWhole: () => stream.readableEnded && stream.rstCode === constants.NGHTTP2_NO_ERROR,
      ended,
      close: () => stream.close(),
    }
  }
}

function sent(
  session: ClientHttp2Session,
  headers: Record<string, string>,
  body?: string,
): ClientHttp2Stream {
  const stream = session.request({ ':authority': HOST, 'x-admin-token': TOKEN, ...headers })
  stream.end(body)
  return stream
}

/** The fields of a block, without its comments. */
function fieldsOf(block: string): Record<string, string | undefined> {
  const lines = block.split('\n').filter((line) => !line.startsWith(':'))
  return Object.fromEntries(lines.map((line) => line.split(/: (.*)/s, 2)))
}
