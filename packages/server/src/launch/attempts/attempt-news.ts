import { phaseOrder } from '@launchtail/client/protocol'
import { cleanLine } from '../../output/clean.js'
import { createReader } from '../../output/interpret/index.js'
import type { Launcher, LaunchNews, Outcome } from '../launcher.js'
import { attemptLines, BEGINNING } from './attempt-lines.js'

type News = ReturnType<Launcher['attach']>

/**
 * The news of one attempt. The lines of a further one have offsets of their own, because its output begins
 * anew. `onMachine`, if somebody wants to know, is called once it has a machine.
 */
export async function* attemptNews(
  news: News,
  { number, onMachine }: { number: number; onMachine: (() => void) | undefined },
): AsyncGenerator<LaunchNews, Outcome | undefined> {
  const numbered = number > 1 ? attemptLines(number) : undefined
  const reader = createReader()
  let state = BEGINNING
  let tell = onMachine
  try {
    for (;;) {
      const { done, value } = await news.next()
      if (done) return value
      if (tell) watch(value)
      yield value.type === 'lines' && numbered ? { ...value, lines: numbered(value.lines) } : value
    }
  } finally {
    await news.return(undefined)
  }

  function watch(found: LaunchNews): void {
    if (found.type === 'lines') {
      for (const { text: raw } of found.lines) {
        state = reader.read(state, { text: cleanLine(raw).text })?.state ?? state
      }
    } else if (found.draft.phase !== undefined) {
      const { phase, progress = state.progress } = found.draft
      if (phaseOrder(phase) > phaseOrder(state.phase)) state = { phase, progress }
    }
    if (phaseOrder(state.phase) < phaseOrder('instance_ready')) return
    tell?.()
    tell = undefined
  }
}
