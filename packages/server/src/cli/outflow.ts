import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { ApiError, type Client, ConnectionError } from '@launchtail/client'
import { backOff, type ChildSignal, childSignal, withDeadline } from '@launchtail/client/async'

export interface Outflow {
  /**
   * Takes what is to be sent. Resolves when there is room for more: at once while the server is
   * away, for the program it comes from must not wait for that; what has no room then is lost, and
   * told.
   */
  push(chunk: Buffer): Promise<void>
  /** Nothing more comes. Ends when all of it has arrived; throws where it cannot. */
  end(): Promise<void>
}

export interface OutflowOptions {
  client: Client
  nodeId: string
  /** The most bytes that are kept. */
  limit?: number
  /** Milliseconds without any progress after which the end is given up. */
  patience?: number
  /** Milliseconds after which an answer that has not come is asked for again. */
  answerTimeout?: number
  note: (text: string) => void
}

const LIMIT = 16 * 1024 * 1024
const PATIENCE = 60_000
const FIRST_PAUSE = 200
const LONGEST_PAUSE = 5000
/** How often it is asked what has arrived, so that this need not be kept. */
const CONFIRM_EVERY = 2000
/** As often where there is no room left: a program waits. */
const CONFIRM_SOON = 50
/** Longer takes only a server that hangs, or a line that is dead. */
const LONGEST_ANSWER = 10_000

/**
 * Sends a program's output in as it comes, over one request that stays open. What has not arrived
 * for certain is kept; after a cut it is asked how far the server has come, and sent from there. So
 * neither a cut nor a restart of the server loses or doubles anything, up to the bound.
 */
export function createOutflow({
  client,
  nodeId,
  limit = LIMIT,
  patience = PATIENCE,
  answerTimeout = LONGEST_ANSWER,
  note,
}: OutflowOptions): Outflow {
  const source = randomUUID()
  /** What has not arrived for certain, chunk by chunk; the first is the `first`-th of all. */
  let kept: Buffer[] = []
  let keptBytes = 0
  let first = 0
  /** Where in the output `kept` begins. */
  let base = 0
  let over = false
  let lost = 0
  /** The server did not take what it was sent last. */
  let away = false
  /** How often it failed since something arrived. */
  let failures = 0
  let refused: Error | undefined
  let progressAt = performance.now()
  let waiting: (() => void)[] = []
  const givenUp = new AbortController()
  const sending = run()
  // It is told at the end; until then nobody waits for it.
  sending.catch(() => {})
  return { push, end }

  async function push(chunk: Buffer): Promise<void> {
    while (isFull(chunk) && !away && refused === undefined) {
      await pause(CONFIRM_SOON)
      // Where it fails, so does the request that is open.
      await confirm().catch(() => {})
    }
    if (isFull(chunk) || refused !== undefined) lost += chunk.length
    else {
      if (lost > 0) keepHole()
      keep(chunk)
    }
  }

  async function end(): Promise<void> {
    if (lost > 0 && refused === undefined) keepHole()
    over = true
    progressAt = performance.now()
    changed()
    const watching = setInterval(() => {
      if (performance.now() - progressAt < patience) return
      givenUp.abort(new Error(`the server did not take ${keptBytes} bytes of it`))
    }, CONFIRM_EVERY)
    try {
      await sending
    } finally {
      clearInterval(watching)
    }
  }

  function isFull(chunk: Buffer): boolean {
    return keptBytes > 0 && keptBytes + chunk.length > limit
  }

  function keep(chunk: Buffer): void {
    kept.push(chunk)
    keptBytes += chunk.length
    changed()
  }

  /** Says in the log itself what it lacks, in a line of its own. */
  function keepHole(): void {
    const words = `${lost} bytes of output are missing here: the server was away for too long`
    note(words)
    const isWhole = kept.length === 0 || endsLine(kept.at(-1) as Buffer)
    keep(Buffer.from(`${isWhole ? '' : '\n'}launchtail pipe: ${words}\n`))
    lost = 0
  }

  async function run(): Promise<void> {
    for (;;) {
      try {
        if (await sendAll()) return
      } catch (error) {
        givenUp.signal.throwIfAborted()
        if (!isPassing(error)) {
          refused = reasonOf(error)
          note(`the output is not sent any more: ${refused.message}`)
          changed()
          throw refused
        }
        away = true
        changed()
        failures += 1
        // One cut is nothing to speak of: it is sent on at once.
        if (failures === 2) note(`${error.message}; keeping the output until the server is back`)
        const wait = backOff(failures - 1, { first: FIRST_PAUSE, longest: LONGEST_PAUSE })
        const notBefore = error instanceof ApiError ? (error.retryAfter ?? 0) : 0
        const { signal } = givenUp
        // Given up meanwhile, the next try says so.
        await pause(Math.max(wait, notBefore), undefined, { signal }).catch(() => {})
      }
    }
  }

  /** Sends what is kept and what comes, until the end: true then. */
  async function sendAll(): Promise<boolean> {
    await confirm()
    away = false
    changed()
    const request = childSignal(givenUp.signal)
    const body = { next: first, at: base, isLine: true, isEnded: false }
    const { signal } = request
    const confirming = keepConfirming(body, request)
    try {
      await client.sendOutput(nodeId, bytes(body), { source, offset: base, signal })
    } finally {
      request.abort()
      await confirming
    }
    await confirm()
    return over && keptBytes === 0
  }

  interface RequestBody {
    /** The chunk to be sent next, of all. */
    next: number
    /** The offset up to which it was sent. */
    at: number
    /** What was sent last ends a line. */
    isLine: boolean
    isEnded: boolean
  }

  async function* bytes(body: RequestBody): AsyncGenerator<Buffer> {
    while (!body.isEnded) {
      const chunk = kept[body.next - first]
      if (chunk) {
        body.next += 1
        body.at += chunk.length
        body.isLine = endsLine(chunk)
        yield chunk
      } else if (over) return
      else await change()
    }
  }

  async function keepConfirming(body: RequestBody, request: ChildSignal): Promise<void> {
    try {
      for (;;) {
        const sent = body.at
        await pause(CONFIRM_EVERY, undefined, { signal: request.signal })
        await confirm()
        // What is between holds the request back until it ends: it is sent in parts then.
        if (base < sent && body.isLine) body.isEnded = true
        changed()
      }
    } catch (error) {
      request.abort(error)
    }
  }

  /** Drops what has arrived; a chunk that has in part is sent again, and the rest of it is taken. */
  async function confirm(): Promise<void> {
    const arrived = await withDeadline(answerTimeout, givenUp.signal, (signal) =>
      client.getNodeLogOffset(nodeId, source, { signal }),
    )
    let gone = 0
    for (const { length } of kept) {
      if (base + length > arrived) break
      base += length
      keptBytes -= length
      gone += 1
    }
    if (gone === 0) return
    kept = kept.slice(gone)
    first += gone
    failures = 0
    progressAt = performance.now()
    changed()
  }

  function change(): Promise<void> {
    return new Promise((resolve) => waiting.push(resolve))
  }

  function changed(): void {
    const told = waiting
    waiting = []
    for (const tell of told) tell()
  }
}

function endsLine(chunk: Buffer): boolean {
  return chunk.at(-1) === NEW_LINE || chunk.at(-1) === RETURN
}

const NEW_LINE = 0x0a
const RETURN = 0x0d

/** The answer to `HEAD` has no words of its own. */
function reasonOf(error: unknown): Error {
  const isGone = error instanceof ApiError && error.status === 404
  return isGone ? new Error('the node is gone', { cause: error }) : (error as Error)
}

function isPassing(error: unknown): error is Error {
  if (error instanceof ApiError) return error.isPassing || error.status === 409
  return error instanceof ConnectionError || (error as Error).name === 'TimeoutError'
}
