import { setTimeout as pause } from 'node:timers/promises'
import type { Client } from '@launchtail/client'
import { createBacklog } from './backlog.js'
import { createCondition } from './condition.js'
import { CONFIRM_EVERY } from './request.js'
import { createSender } from './sender.js'

export interface Upload {
  /**
   * Takes output to be sent. Resolves when there is room for more. While the server is away it
   * resolves at once, because the program must not wait for that; output without room is then lost,
   * and the log says so.
   */
  push(chunk: Buffer): Promise<void>
  /** Nothing more comes. Resolves when everything has arrived; throws if it cannot arrive. */
  end(): Promise<void>
}

export interface UploadOptions {
  client: Client
  nodeId: string
  /** The most bytes to keep. */
  limit?: number
  /** Milliseconds without progress after which `end` gives up. */
  endTimeout?: number
  /** Milliseconds after which an answer that has not come is requested again. */
  answerTimeout?: number
  note: (text: string) => void
}

const LIMIT = 16 * 1024 * 1024
const END_TIMEOUT = 60_000
/** Only a server that hangs or a dead connection takes longer. */
const ANSWER_TIMEOUT = 10_000
/** How often to confirm while the backlog is full: a program is waiting. */
const CONFIRM_SOON = 50

/**
 * Sends a program's output as it comes, in a request that stays open. Output stays in the backlog
 * until the server confirms it. After a cut the server says how far it has come, and sending goes on
 * from there. So neither a cut nor a restart of the server loses or duplicates anything, as long as
 * the backlog has room.
 */
export function createUpload({
  client,
  nodeId,
  limit = LIMIT,
  endTimeout = END_TIMEOUT,
  answerTimeout = ANSWER_TIMEOUT,
  note,
}: UploadOptions): Upload {
  const backlog = createBacklog(limit)
  const changes = createCondition()
  const givenUp = new AbortController()
  const { signal } = givenUp
  let over = false
  let lost = 0
  const isOver = () => over
  const options = { client, nodeId, backlog, changes, isOver, answerTimeout, note, signal }
  const sender = createSender(options)
  const sending = sender.run()
  // `end` throws it; until then nobody waits for it.
  sending.catch(() => {})
  return { push, end }

  async function push(chunk: Buffer): Promise<void> {
    while (backlog.isFull(chunk) && !sender.isAway() && !sender.isRefused()) {
      await pause(CONFIRM_SOON)
      // If this fails, so does the open request, and the sender handles that.
      await sender.confirm().catch(() => {})
    }
    if (backlog.isFull(chunk) || sender.isRefused()) lost += chunk.length
    else {
      if (lost > 0) addLoss()
      add(chunk)
    }
  }

  async function end(): Promise<void> {
    if (lost > 0 && !sender.isRefused()) addLoss()
    over = true
    const endedAt = performance.now()
    changes.notify()
    const watching = setInterval(() => {
      const since = Math.max(endedAt, sender.progressAt())
      if (performance.now() - since < endTimeout) return
      givenUp.abort(new Error(`the server did not take the last ${backlog.size()} bytes`))
    }, CONFIRM_EVERY)
    try {
      await sending
    } finally {
      clearInterval(watching)
    }
  }

  function add(chunk: Buffer): void {
    backlog.add(chunk)
    changes.notify()
  }

  /** Says in the log, on a line of its own, how much of it is missing. */
  function addLoss(): void {
    const text = `${lost} bytes of output are missing here: the server was away for too long`
    note(text)
    add(Buffer.from(`${backlog.endsLine() ? '' : '\n'}launchtail pipe: ${text}\n`))
    lost = 0
  }
}
