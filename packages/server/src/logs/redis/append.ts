import type { Appended, AppendHow, LogStore } from '../store.js'
import { redisClock } from './clock.js'
import type { Commands } from './commands.js'
import { keys } from './keys.js'
import { retryRefused } from './refusals.js'
import { type AskedAppend, createSendAppend, type Reply } from './send-append.js'
import { COMMAND_TIMEOUT } from './time-out.js'

export interface AppendOptions {
  commands: Commands
  /** Milliseconds a list is kept after its last append. */
  retention: number
  /** The number of replicas that must have an append before it is answered. */
  wait: number
}

export function createAppend({ commands, retention, wait }: AppendOptions): LogStore['append'] {
  const { redis, attempt } = commands
  const clock = redisClock(redis)
  const send = createSendAppend({ commands, clock, retention, wait })
  return append

  async function append(
    nodeId: string,
    texts: readonly string[],
    how: AppendHow = {},
  ): Promise<Appended> {
    // The sender is told of a failure at this time, so nothing may take effect after it.
    const deadline = performance.now() + COMMAND_TIMEOUT
    const asked = { nodeId, texts, how, deadline }
    return attempt(
      async (isAgain) => {
        const appended = await appendOnce(asked)
        if (!isAgain || appended.outcome === 'stored') return appended
        return (await storedBefore(asked)) ?? appended
      },
      // Sent again, one that names the list it continues, or its request, is not stored again.
      { canRepeat: Boolean(how.precondition || how.once) },
    )
  }

  async function appendOnce(asked: AskedAppend): Promise<Appended> {
    const act = () => send(asked)
    const reply = await retryRefused(act, asked.deadline - 100)
    if (reply[0] !== 'late') return appendedOf(reply)
    // It answered at once, so Redis's clock has stepped. Nothing was done: try by the new time.
    clock.forget()
    return appendedOf(await act())
  }

  /** Where the append took effect before, and its answer was lost with the connection. */
  async function storedBefore({
    nodeId,
    texts: [first],
    how: { precondition },
  }: AskedAppend): Promise<Appended | undefined> {
    if (!precondition || first === undefined) return undefined
    const index = precondition.length
    const stored = await redis.lindex(keys.list(nodeId), index)
    return stored === first ? { outcome: 'stored', index } : undefined
  }
}

function appendedOf([outcome, first, digest, answer]: Reply): Appended {
  switch (outcome) {
    case 'stored':
      return { outcome, index: Number(first) }
    case 'moved':
    case 'fenced':
    case 'removed':
      return { outcome }
    case 'elsewhere':
      return { outcome, position: Number(first) }
    case 'replayed':
      return { outcome, index: Number(first), digest: String(digest), answer: String(answer) }
    default:
      throw new Error(`append: ${outcome}`)
  }
}
