import { childSignal } from '@launchtail/client/async'
import type { LaunchState } from '@launchtail/client/protocol'
import { pauseFor } from '../../async/retry.js'
import type { LaunchWord } from '../../ingest/launch-line.js'
import { passedEntry } from '../../logs/smoke-entry.js'
import { keptOutcome } from '../kept-outcome.js'
import type { Launch, Launcher, LaunchNews, Outcome } from '../launcher.js'
import { SmokeFault } from './fault.js'
import { smokeOf } from './smoke.js'
import { testServer } from './test-server.js'

export interface WithSmokeOptions {
  launcher: Launcher
  launch: Launch
  handle: unknown
  state: LaunchState
  signal: AbortSignal
  /** Milliseconds that the answer may take. The first one of a large model compiles kernels. */
  timeout?: number
}

const TIMEOUT = 5 * 60_000

/**
 * Milliseconds in which a server that fails the test may end by itself. Then the launch's own end, and
 * what was printed before it, tell more than the test does.
 */
const DYING = 3000

const TESTING: LaunchWord = {
  message: 'Testing the server with a first question',
  phase: 'health_check',
  progress: 95,
}

/**
 * Follows a launch, and tests its server before the node is active, if the launch asks for that. The
 * output goes on meanwhile. A server that fails the test is ended, and its launch has failed.
 */
export async function* withSmoke({
  launcher,
  launch,
  handle,
  state,
  signal,
  timeout = TIMEOUT,
}: WithSmokeOptions): AsyncGenerator<LaunchNews, Outcome | undefined> {
  const smoke = smokeOf(launch.request)
  if (!smoke || state.phase === 'active') {
    return yield* launcher.attach(launch, handle, { state, signal })
  }
  const following = childSignal(signal)
  const news = launcher.attach(launch, handle, { state, signal: following.signal })
  let next = news.next()
  let isActive = false
  let testing: Testing | undefined
  try {
    for (;;) {
      const came = await (testing ? Promise.race([next, testing.result]) : next)
      if ('test' in came) {
        const { word } = testing as Testing
        testing = undefined
        if ('fault' in came.test) {
          return ended(came.test.fault)
        }
        yield { type: 'word', draft: came.test.passed }
        yield { type: 'word', draft: word }
        continue
      }
      if (came.done) return came.value
      next = news.next()
      const { value } = came
      const base = !isActive && value.type === 'word' ? endpointIn(value.draft) : undefined
      if (value.type !== 'word' || value.draft.phase !== 'active' || isActive) yield value
      else {
        isActive = true
        if (base === undefined) {
          yield { type: 'word', draft: OUT_OF_REACH }
          yield value
        } else {
          yield { type: 'word', draft: TESTING }
          testing = { word: value.draft, result: tested(base) }
          // It rejects if nobody follows any more, possibly without anything waiting for it.
          testing.result.catch(() => {})
        }
      }
    }
  } finally {
    following.abort()
    // It has nobody to tell any more.
    await next.catch(() => {})
    await news.return(undefined)
  }

  /** Ends what runs, unless it is kept, or leaves it to be taken down in the background. */
  async function ended(outcome: Outcome): Promise<Outcome> {
    const { keep, clusterName } = launch
    if (keep !== undefined) return keptOutcome(outcome, clusterName, keep)
    try {
      await launcher.cancel(launch, handle, signal)
      return outcome
    } catch {
      signal.throwIfAborted()
      return { ...outcome, left: true }
    }
  }

  async function tested(base: string): Promise<{ test: TestResult }> {
    const options = { base, smoke: smoke as NonNullable<typeof smoke>, timeout }
    try {
      return {
        test: { passed: passedEntry(await testServer({ ...options, signal: following.signal })) },
      }
    } catch (error) {
      if (!(error instanceof SmokeFault)) throw error
      const { message, code } = error
      if (code === 'warmup_failed') await pauseFor(DYING, following.signal)
      return { test: { fault: { message: `The smoke test failed: ${message}`, code } } }
    }
  }
}

interface Testing {
  /** What the launcher says: that the node is active. */
  readonly word: LaunchWord
  readonly result: Promise<{ test: TestResult }>
}

type TestResult = { readonly passed: LaunchWord } | { readonly fault: Outcome }

const OUT_OF_REACH: LaunchWord = {
  level: 'warn',
  message: 'The smoke test was left out: this server cannot reach the node’s endpoint',
}

/** The endpoint of an active node, if this server reaches it. */
function endpointIn({ details = '' }: LaunchWord): string | undefined {
  const [base = '', ...more] = details.split('\n')
  return URL.canParse(base) && !more.includes('reachable: false') ? base : undefined
}
