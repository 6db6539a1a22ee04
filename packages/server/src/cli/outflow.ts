import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { ApiError, type Client, ConnectionError } from '@launchtail/client'

export interface Outflow {
  /** Takes what is to be sent. Never waits: the program it comes from must not. */
  push(chunk: Buffer): void
  /** Nothing more comes. Ends when all of it has arrived; throws where it cannot. */
  end(): Promise<void>
}

export interface OutflowOptions {
  client: Client
  nodeId: string
  /** The most bytes kept while the server is away. */
  limit?: number
  /** Milliseconds that the end waits for a server that is away. */
  patience?: number
  note: (text: string) => void
}

const LIMIT = 16 * 1024 * 1024
const PATIENCE = 60_000
const FIRST_PAUSE = 200
const LONGEST_PAUSE = 5000
/** How often it is asked what has arrived, so that this need not be kept. */
const CONFIRM_EVERY = 2000

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
  note,
}: OutflowOptions): Outflow {
  let source = randomUUID()
  let kept: Buffer[] = []
  let keptBytes = 0
  /** Where in the output `kept` begins. */
  let base = 0
  let over = false
  let lost = 0
  let wake = () => {}
  let endedAt = Number.POSITIVE_INFINITY
  const sending = run()
  // It is told at the end; until then nobody waits for it.
  sending.catch(() => {})
  return { push, end }

  function push(chunk: Buffer): void {
    if (keptBytes + chunk.length > limit) {
      lost += chunk.length
      return
    }
    kept.push(chunk)
    keptBytes += chunk.length
    wake()
  }

  async function end(): Promise<void> {
    over = true
    endedAt = performance.now()
    wake()
    await sending
  }

  async function run(): Promise<void> {
    let wait = FIRST_PAUSE
    let told = false
    for (;;) {
      try {
        if (await sendAll()) return
        wait = FIRST_PAUSE
        told = false
      } catch (error) {
        if (!isPassing(error)) throw error
        if (performance.now() - endedAt > patience) throw error
        if (!told) note(`${(error as Error).message}; keeping the output until the server is back`)
        told = true
        await pause(wait)
        wait = Math.min(LONGEST_PAUSE, wait * 2)
      }
    }
  }

  /** Sends what is kept and what comes, until the end: true then. */
  async function sendAll(): Promise<boolean> {
    await confirm()
    if (lost > 0) startAnew()
    let from = base
    const confirming = setInterval(() => void confirm().catch(() => {}), CONFIRM_EVERY)
    try {
      await client.sendOutput(nodeId, body(), { source, offset: base })
    } finally {
      clearInterval(confirming)
    }
    await confirm()
    return over && keptBytes === 0 && lost === 0

    async function* body(): AsyncGenerator<Buffer> {
      for (;;) {
        const fresh = after(from)
        for (const chunk of fresh) {
          from += chunk.length
          yield chunk
        }
        if (fresh.length > 0) continue
        // Lost output makes a hole; what comes after it is another source.
        if (over || lost > 0) return
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    }
  }

  /** The kept chunks from an offset on. */
  function after(offset: number): Buffer[] {
    const chunks: Buffer[] = []
    let at = base
    for (const chunk of kept) {
      if (at + chunk.length > offset) chunks.push(chunk.subarray(Math.max(0, offset - at)))
      at += chunk.length
    }
    return chunks
  }

  /** Drops what has arrived. */
  async function confirm(): Promise<void> {
    const asked = source
    const arrived = await client.getNodeLogOffset(nodeId, asked)
    if (asked !== source || arrived <= base) return
    kept = after(arrived)
    keptBytes -= Math.min(keptBytes, arrived - base)
    base = arrived
  }

  function startAnew(): void {
    if (keptBytes > 0) return
    const text = `launchtail pipe: ${lost} bytes of output are missing here, the server was away too long\n`
    note(`${lost} bytes of output were lost: the server was away too long`)
    source = randomUUID()
    base = 0
    lost = 0
    kept = [Buffer.from(text)]
    keptBytes = kept[0]?.length ?? 0
  }
}

function isPassing(error: unknown): boolean {
  if (error instanceof ApiError) return error.isPassing || error.status === 409
  return error instanceof ConnectionError
}
