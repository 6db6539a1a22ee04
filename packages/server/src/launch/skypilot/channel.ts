import { EventEmitter, once } from 'node:events'
import { childSignal } from '@launchtail/client/async'
import type { LaunchNews, Outcome } from '../launcher.js'

/** Takes news from several sources for one reader. A source that is ahead waits for the reader. */
interface Channel {
  push(news: LaunchNews): Promise<void>
  end(outcome: Outcome | undefined): void
  fail(error: unknown): void
  read(): AsyncGenerator<LaunchNews, Outcome | undefined>
}

/** How far the sources may be ahead of the reader. */
const MOST = 16

/**
 * The news that `follow` pushes, and then its outcome. Its signal aborts when the given one does, and when
 * nobody reads any more; the outcome is undefined then.
 */
export async function* newsOf(
  follow: (push: Channel['push'], signal: AbortSignal) => Promise<Outcome | undefined>,
  given: AbortSignal,
): AsyncGenerator<LaunchNews, Outcome | undefined> {
  const leaving = childSignal(given)
  const { signal } = leaving
  const channel = newsChannel(signal)
  const following = follow(channel.push, signal).then(channel.end, (error) =>
    signal.aborted ? channel.end(undefined) : channel.fail(error),
  )
  try {
    return yield* channel.read()
  } finally {
    leaving.abort()
    await following
  }
}

/** `signal` aborts when nobody reads any more. */
function newsChannel(signal: AbortSignal): Channel {
  const bell = new EventEmitter().setMaxListeners(0)
  const waiting: LaunchNews[] = []
  let last: { outcome: Outcome | undefined } | { error: unknown } | undefined
  return {
    async push(news) {
      signal.throwIfAborted()
      waiting.push(news)
      bell.emit('news')
      while (waiting.length >= MOST) await once(bell, 'taken', { signal })
    },
    end: (outcome) => finish({ outcome }),
    fail: (error) => finish({ error }),
    read,
  }

  function finish(how: NonNullable<typeof last>): void {
    last ??= how
    bell.emit('news')
  }

  async function* read(): AsyncGenerator<LaunchNews, Outcome | undefined> {
    for (;;) {
      const news = waiting.shift()
      if (news) {
        bell.emit('taken')
        yield news
      } else if (last) {
        if ('error' in last) throw last.error
        return last.outcome
      } else {
        await once(bell, 'news')
      }
    }
  }
}
