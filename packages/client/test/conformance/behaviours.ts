/**
 * What a stream may do to its reader, and what must come of it: one list for every client. A case
 * is data; `scripted-server.ts` plays its script, and a driver runs the client.
 */

/** An event as a client tells it. */
export interface TestEvent {
  readonly event: string
  readonly data: unknown
  /** Empty for one that has none. */
  readonly id: string
}

/** How a stream ended for its reader: after `done`, at a 204, given up, or refused for good. */
export type Outcome = 'done' | 'nothing more' | 'timed out' | `refused ${number}`

export interface RunOptions {
  tail?: number
  /** Milliseconds without an event. */
  timeout?: number
  lastEventId?: string
}

export interface RunResult {
  readonly events: readonly TestEvent[]
  /** An Outcome, as the driver tells it. */
  readonly outcome: string
}

/** A client that can be driven through the cases. */
export interface Driver {
  readonly name: string
  /** How it tells an outcome, where it cannot in full. */
  tells?(outcome: Outcome): string
  /**
   * What it was sent just before the line broke may not have reached it: a page's streams drop what
   * was not read by then. It asks for that once more.
   */
  readonly mayMiss?: true
  /** It asks for the node's record before it asks for the stream. */
  readonly asksForNode?: true
  /** A run takes so much that of the cases for each byte it is driven through some alone. */
  readonly isSlow?: true
  run(url: string, nodeId: string, token: string, options: RunOptions): Promise<RunResult>
}

/** What the server does with a connection. */
export interface Answer {
  /** Default 200. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** The body; pieces are sent as chunks of their own. */
  readonly body?: string | Uint8Array | readonly (string | Uint8Array)[]
  /**
   * What then: the answer ends in order, the connection is cut, or stays open until the client
   * closes it (`beat` is sent every 20 ms meanwhile).
   */
  readonly finally?: 'end' | 'cut' | 'stay'
  readonly beat?: string
  /** Nothing is said. */
  readonly silent?: true
  /** Said as it stands, the head included. */
  readonly raw?: string
  /** The body's end is the connection's end: neither chunks nor a length. */
  readonly unframed?: true
}

export interface Behaviour {
  readonly name: string
  /** The answer to each request in turn. One request more than these is a fault. */
  readonly script: readonly Answer[]
  readonly options?: RunOptions
  /** The port is closed for so many milliseconds before the stream is asked for. */
  readonly closedFor?: number
  readonly expect: {
    readonly events: readonly TestEvent[]
    readonly outcome: Outcome
    /** The Last-Event-ID of each request; empty for none. */
    readonly resumes: readonly string[]
    /** At least so many milliseconds from the n-th answer to the request after it. */
    readonly waits?: readonly number[]
  }
}

// --- What they are made of ------------------------------------------------------------------------

/** How the server begins: with the reader's cursor of now, as a comment and as a block. */
const opening = (cursor = '-1:0:log', retry = 5) =>
  `: cursor ${cursor}\nretry: ${retry}\n\nid: ${cursor}\n\n`
const heartbeat = (cursor: string) => `: cursor ${cursor}\n\nid: ${cursor}\n\n`

function event(name: string, data: unknown, id = ''): TestEvent {
  return { event: name, data, id }
}

/** An event as it is written. */
export function text({ event, data, id }: TestEvent): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n${id && `id: ${id}\n`}\n`
}

const texts = (events: readonly TestEvent[]) => events.map(text).join('')

const log = event(
  'log',
  {
    timestamp: '2024-01-15T10:30:00Z',
    level: 'info',
    message: 'größer 🚀',
    phase: 'installing',
    progress: 45,
  },
  '0:0a1b2c3d:log',
)
const status = event(
  'status',
  { phase: 'installing', progress: 45, message: 'größer 🚀' },
  '0:0a1b2c3d:status',
)
const failure = event(
  'error',
  { error: 'no capacity', details: 'us-west-2', phase: 'provisioning' },
  '1:1b2c3d4e:error',
)
const serverFault = event('error', {
  error: 'Failed to stream logs',
  details: 'Redis connection lost',
})
const done = event(
  'done',
  { status: 'active', endpoint: 'http://10.0.0.1:8000', message: 'up' },
  '2:2c3d4e5f:done',
)
const LAUNCH = [log, status, failure, done]
const WHOLE = opening() + texts(LAUNCH)

function logOf(message: string, id: string): TestEvent {
  const data = { timestamp: '2024-01-15T10:30:00Z', level: 'info', message, phase: 'installing' }
  return event('log', data, id)
}

function refusal(status: number, message: string): Answer {
  return {
    status,
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ error: { message } }),
  }
}

/** Refused for good: asked once, and no more. */
function final(status: number, message: string): Behaviour {
  return {
    name: `takes ${status} for final`,
    script: [refusal(status, message)],
    expect: { events: [], outcome: `refused ${status}`, resumes: [''] },
  }
}

/** Refused for now: asked again. */
function passing(name: string, answer: Answer, waits: readonly number[] = []): Behaviour {
  return {
    name,
    script: [answer, { body: WHOLE }],
    expect: { events: LAUNCH, outcome: 'done', resumes: ['', ''], waits },
  }
}

/** The whole launch, written in another way that means the same. */
function written(name: string, body: NonNullable<Answer['body']>): Behaviour {
  return { name, script: [{ body }], expect: { events: LAUNCH, outcome: 'done', resumes: [''] } }
}

/** The connection breaks at some point, and what the reader has not seen comes on the next. */
function resumed(name: string, first: Answer, seen: number, resume: string): Behaviour {
  const second = { body: opening(resume) + texts(LAUNCH.slice(seen)) }
  return {
    name,
    script: [first, second],
    expect: { events: LAUNCH, outcome: 'done', resumes: ['', resume] },
  }
}

const bytesOf = (body: string) => new TextEncoder().encode(body)
const eachByte = (body: string) => Array.from(bytesOf(body), (byte) => Uint8Array.of(byte))

// --- The cases ------------------------------------------------------------------------------------

const MEGABYTE = 'x'.repeat(1_000_000)
const HTML: Answer = {
  headers: { 'Content-Type': 'text/html; charset=utf-8' },
  body: '<!doctype html><title>Sign in</title><p>Sign in to go on.</p>',
}
const AFTER_FAILURE = opening(failure.id) + text(done)

export const behaviours: readonly Behaviour[] = [
  // Reading
  written('reads a launch from its beginning to done', WHOLE),
  written('reads a stream that comes byte by byte', eachByte(WHOLE)),
  written('reads lines that end with CRLF', WHOLE.replaceAll('\n', '\r\n')),
  written('reads lines that end with CRLF, byte by byte', eachByte(WHOLE.replaceAll('\n', '\r\n'))),
  written('reads lines that end with CR alone', `${WHOLE.replaceAll('\n', '\r')}\n`),
  written('passes over a byte order mark', `\uFEFF${texts(LAUNCH)}`),
  written(
    'passes over a byte order mark that comes byte by byte',
    eachByte(`\uFEFF${texts(LAUNCH)}`),
  ),
  written(
    'passes over comments and over fields it does not know',
    WHOLE.replaceAll('event: ', ': a comment\nnovelty: 1\nnovelty\n:\nevent: '),
  ),
  written('reads fields without a blank after the colon', WHOLE.replaceAll(/^(\w+): /gm, '$1:')),
  written(
    'puts data of several lines together',
    opening() + texts(LAUNCH).replaceAll(',"', ',\ndata: "'),
  ),
  {
    name: 'reads events of a megabyte',
    script: [
      {
        body: [
          opening(),
          ...(text(logOf(MEGABYTE, '0:aaaaaaaa:log')).match(/.{1,65536}/gs) ?? []),
          text(logOf(MEGABYTE, '1:bbbbbbbb:log')) + text(done),
        ],
      },
    ],
    expect: {
      events: [logOf(MEGABYTE, '0:aaaaaaaa:log'), logOf(MEGABYTE, '1:bbbbbbbb:log'), done],
      outcome: 'done',
      resumes: [''],
    },
  },
  (() => {
    const odd = logOf('a\u2028b\u2029c\u0085d', '0:aaaaaaaa:log')
    // JSON does not escape these three.
    const body = `${opening()}${text(odd)}${text(done)}`
    return {
      name: 'ends lines at CR and LF alone, not at U+2028, U+2029 or U+0085',
      script: [{ body }],
      expect: { events: [odd, done], outcome: 'done', resumes: [''] },
    } as const
  })(),
  {
    name: 'replaces bytes that are not UTF-8, and reads on',
    script: [
      {
        body: [opening() + text(log).replace(/größer.*/s, ''), Uint8Array.of(0xff)].concat(
          text(log).replace(/.*größer/s, 'größer') + text(done),
        ),
      },
    ],
    expect: {
      events: [{ ...log, data: { ...(log.data as object), message: '\uFFFDgrößer 🚀' } }, done],
      outcome: 'done',
      resumes: [''],
    },
  },
  {
    name: 'gives the events of an answer that is framed by the end of the connection',
    script: [
      { body: opening() + texts([log, status]), unframed: true },
      { body: opening(status.id) + texts([failure, done]), unframed: true },
    ],
    expect: { events: LAUNCH, outcome: 'done', resumes: ['', status.id] },
  },

  // Ending
  {
    name: 'ends at done, and closes a connection that is still open',
    script: [{ body: WHOLE, finally: 'stay' }],
    expect: { events: LAUNCH, outcome: 'done', resumes: [''] },
  },
  {
    name: 'ends at 204: there is nothing more',
    script: [{ status: 204 }],
    options: { lastEventId: done.id },
    expect: { events: [], outcome: 'nothing more', resumes: [done.id] },
  },
  {
    name: 'ends at 204 after an answer that ended in order',
    script: [{ body: opening() + texts([log, status]) }, { status: 204 }],
    expect: { events: [log, status], outcome: 'nothing more', resumes: ['', status.id] },
  },
  {
    name: 'gives up when there are only heartbeats, on one connection',
    script: [{ body: opening(), finally: 'stay', beat: heartbeat('-1:0:log') }],
    options: { timeout: 500 },
    expect: { events: [], outcome: 'timed out', resumes: [''] },
  },
  {
    name: 'gives up when there are only heartbeats, on one connection after another',
    script: [
      { body: opening(), finally: 'cut' },
      { body: opening() + heartbeat('-1:0:log'), finally: 'cut' },
      { body: opening(), finally: 'stay', beat: heartbeat('-1:0:log') },
    ],
    options: { timeout: 700 },
    expect: { events: [], outcome: 'timed out', resumes: ['', '-1:0:log', '-1:0:log'] },
  },
  {
    name: 'gives up on a server that takes the request and does not answer',
    script: [{ silent: true, finally: 'stay' }],
    options: { timeout: 500 },
    expect: { events: [], outcome: 'timed out', resumes: [''] },
  },

  // Resuming
  resumed(
    'resumes a cut stream after the last event it saw',
    { body: opening() + texts([log, status]), finally: 'cut' },
    2,
    status.id,
  ),
  resumed(
    'does not take an event for seen whose last line is missing',
    { body: opening() + texts([log, status]) + text(failure).slice(0, -1), finally: 'cut' },
    2,
    status.id,
  ),
  resumed(
    'does not take an event for seen whose last line is missing at an end in order',
    { body: opening() + texts([log, status]) + text(failure).slice(0, -1) },
    2,
    status.id,
  ),
  resumed(
    'takes an answer that ends in order without done for a rotation',
    { body: opening() + texts([log, status, failure]) },
    3,
    failure.id,
  ),
  {
    name: 'waits for as long as `retry:` says after a rotation',
    script: [
      { body: opening('-1:0:log', 400) + texts([log, status, failure]) },
      { body: AFTER_FAILURE },
    ],
    expect: { events: LAUNCH, outcome: 'done', resumes: ['', failure.id], waits: [400] },
  },
  {
    name: 'resumes a stream of heartbeats by their cursor',
    script: [
      { body: opening('4:aaaaaaaa:log') + heartbeat('7:bbbbbbbb:log'), finally: 'cut' },
      { body: opening('7:bbbbbbbb:log') + heartbeat('9:cccccccc:status'), finally: 'cut' },
      { body: opening('9:cccccccc:status') + text(done) },
    ],
    options: { tail: 0 },
    expect: {
      events: [done],
      outcome: 'done',
      resumes: ['', '7:bbbbbbbb:log', '9:cccccccc:status'],
    },
  },
  {
    name: 'resumes by the cursor of the opening where nothing else came',
    script: [
      { body: opening('41:9f86d081:status'), finally: 'cut' },
      { body: opening('41:9f86d081:status') + text(done) },
    ],
    options: { tail: 0 },
    expect: { events: [done], outcome: 'done', resumes: ['', '41:9f86d081:status'] },
  },
  {
    name: 'sends the last event id exactly as it came',
    script: [
      { body: text({ ...log, id: '12:00ff00ff:log' }), finally: 'cut' },
      { body: text({ ...status, id: 'A;b="c d",%20:e' }), finally: 'cut' },
      { body: `${text({ ...failure, id: '' })}id: nul\0\n\n`, finally: 'cut' },
      { body: text(done) },
    ],
    options: { lastEventId: '11:eeeeeeee:done' },
    expect: {
      events: [
        { ...log, id: '12:00ff00ff:log' },
        { ...status, id: 'A;b="c d",%20:e' },
        { ...failure, id: '' },
        done,
      ],
      outcome: 'done',
      resumes: ['11:eeeeeeee:done', '12:00ff00ff:log', 'A;b="c d",%20:e', 'A;b="c d",%20:e'],
    },
  },
  (() => {
    const gap = event(
      'gap',
      { requested: log.id, resumed_from: '-1:0:log', missed: 3, reason: 'rewritten' },
      '-1:0:log',
    )
    const again = logOf('another list', '0:dddddddd:log')
    return {
      name: 'tells of a gap, and goes on in the list that is there now',
      script: [
        { body: opening() + text(log), finally: 'cut' },
        { body: opening(log.id) + text(gap) + text(again), finally: 'cut' },
        { body: opening(again.id) + text(done) },
      ],
      expect: {
        events: [log, gap, again, done],
        outcome: 'done',
        resumes: ['', log.id, again.id],
      },
    } as const
  })(),
  {
    name: 'gives the server’s error event, which has no id, and resumes after the one before it',
    script: [
      { body: opening() + texts([log, status, serverFault]) },
      { body: opening(status.id) + texts([failure, done]) },
    ],
    expect: {
      events: [log, status, serverFault, failure, done],
      outcome: 'done',
      resumes: ['', status.id],
    },
  },
  {
    name: 'tells the server’s error event from a broken connection',
    script: [
      {
        body: opening() + texts([log, status, serverFault]) + heartbeat(status.id),
        finally: 'cut',
      },
      { body: opening(status.id) + texts([failure, done]) },
    ],
    expect: {
      events: [log, status, serverFault, failure, done],
      outcome: 'done',
      resumes: ['', status.id],
    },
  },
  (() => {
    const events = Array.from({ length: 30 }, (_, n) => logOf(`line ${n}`, `${n}:aaaaaaaa:log`))
    return {
      name: 'loses and doubles nothing when each of thirty events is followed by a cut',
      script: [
        ...events.map((each) => ({ body: `retry: 5\n\n${text(each)}`, finally: 'cut' as const })),
        { body: text(done) },
      ],
      expect: {
        events: [...events, done],
        outcome: 'done',
        resumes: ['', ...events.map(({ id }) => id)],
      },
    } as const
  })(),

  // Refused for now
  passing('goes on when the connection was closed before an answer', {
    silent: true,
    finally: 'cut',
  }),
  {
    ...written('goes on when nothing listened at first', WHOLE),
    closedFor: 700,
  },
  passing(
    'waits after 429 for as long as Retry-After says',
    {
      ...refusal(429, 'too many streams'),
      headers: { 'Content-Type': 'application/json', 'Retry-After': '1' },
    },
    [1000],
  ),
  passing(
    'waits after 503 until the time that Retry-After names',
    // A date has whole seconds: it names a time at least one second from now.
    {
      ...refusal(503, 'storage unavailable'),
      get headers() {
        return { 'Retry-After': new Date(Date.now() + 2000).toUTCString() }
      },
    },
    [900],
  ),
  passing('goes on after 503 with a page of a proxy', { ...HTML, status: 503 }),
  passing('goes on after 500', refusal(500, 'internal error')),
  passing('goes on after 502', { ...HTML, status: 502 }),
  passing('goes on after 408', refusal(408, 'too slow')),
  {
    name: 'goes on after two refusals in the middle of a stream',
    script: [
      { body: opening() + texts([log, status, failure]), finally: 'cut' },
      refusal(503, 'storage unavailable'),
      refusal(504, 'too slow'),
      { body: AFTER_FAILURE },
    ],
    expect: {
      events: LAUNCH,
      outcome: 'done',
      resumes: ['', failure.id, failure.id, failure.id],
    },
  },

  // Refused for good
  final(400, 'invalid tail value'),
  final(401, 'invalid admin token'),
  final(403, 'not allowed'),
  final(404, 'node not found'),
  final(406, 'not acceptable'),
  {
    name: 'takes 404 for final in the middle of a stream too',
    script: [{ body: opening() + texts([log, status]) }, refusal(404, 'node not found')],
    expect: { events: [log, status], outcome: 'refused 404', resumes: ['', status.id] },
  },
  {
    name: 'takes a page of a proxy in place of the stream for final',
    script: [HTML],
    expect: { events: [], outcome: 'refused 200', resumes: [''] },
  },
  {
    name: 'does not follow a redirection: the token would go along',
    script: [{ status: 307, headers: { Location: '/elsewhere' } }],
    expect: { events: [], outcome: 'refused 307', resumes: [''] },
  },
]

// --- The same stream, at every byte ---------------------------------------------------------------

const HEAD = [
  'HTTP/1.1 200 OK',
  'Content-Type: text/event-stream',
  'Date: Mon, 15 Jan 2024 10:30:00 GMT',
  'Transfer-Encoding: chunked',
  '\r\n',
].join('\r\n')

/** Cut in the answer's head: half a head is no answer. */
export const cutsInTheHead: readonly Behaviour[] = Array.from(HEAD, (_, at) =>
  passing(`cut after ${at} bytes of the head`, { raw: HEAD.slice(0, at), finally: 'cut' }),
)

const SHORT = [log, done]
const SHORT_BYTES = bytesOf(opening() + texts(SHORT))

/** Cut after every byte. What was seen by then follows from where blocks and lines end. */
export const cutsAtEveryByte: readonly Behaviour[] = Array.from(SHORT_BYTES, (_, at) => {
  const body = SHORT_BYTES.subarray(0, at)
  const sent = new TextDecoder().decode(body)
  const complete = sent.split('\n\n').slice(0, -1).join('\n\n')
  const seen = SHORT.filter((each) => complete.includes(`id: ${each.id}`))
  // The opening's comment counts as soon as its line is there.
  const resume = seen.at(-1)?.id ?? (sent.includes('\n') ? '-1:0:log' : '')
  return {
    name: `cut after ${at} bytes`,
    script: [
      { body, finally: 'cut' },
      { body: opening(resume || '-1:0:log') + texts(SHORT.slice(seen.length)) },
    ],
    expect: { events: SHORT, outcome: 'done', resumes: ['', resume] },
  }
})

/** In two chunks, parted after every byte. */
export const splitsAtEveryByte: readonly Behaviour[] = Array.from(SHORT_BYTES.slice(1), (_, n) => ({
  name: `parted after ${n + 1} bytes`,
  script: [{ body: [SHORT_BYTES.subarray(0, n + 1), SHORT_BYTES.subarray(n + 1)] }],
  expect: { events: SHORT, outcome: 'done', resumes: [''] },
}))
