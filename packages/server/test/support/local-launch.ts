import type { LaunchRequest } from '@launchtail/client/protocol'
import { onTestFinished } from 'vitest'
import type { Launch, LaunchNews, Outcome } from '../../src/launch/launcher.js'
import { localLauncher } from '../../src/launch/local/launcher.js'
import type { Identity } from '../../src/launch/supervised/processes.js'
import { removeFolder, temporaryFolder, waitFor } from './launching.js'

export interface LocalCase extends Partial<LaunchRequest> {
  env?: Record<string, string | undefined>
  passEnv?: string[]
  launchTimeout?: number
}

/** A launch with all the news of it so far. It is ended with the test. */
export async function launchLocally({
  env = process.env,
  passEnv = [],
  launchTimeout,
  ...more
}: LocalCase) {
  const folder = temporaryFolder()
  const launcher = localLauncher({
    ...{ env, passEnv, launchTimeout: launchTimeout ?? 60_000, probeInterval: 20 },
  })
  const request = { provider: 'local', region: 'local', gpu: 'cpu', ...more }
  const launch: Launch = { nodeId: 'node', clusterName: 'cluster', request, folder }
  await launcher.check(request)
  const handle = (await launcher.start(launch)) as Identity
  onTestFinished(async () => {
    await launcher.cancel(launch, handle)
    removeFolder(folder)
  })
  return { folder, launcher, launch, handle, ...follow() }

  function follow() {
    const lines: string[] = []
    const words: string[] = []
    const all: LaunchNews[] = []
    const outcome = collect()
    return { lines, words, all, outcome, line }

    async function collect(): Promise<Outcome | undefined> {
      const state = { phase: 'queued', progress: 0 } as const
      const signal = new AbortController().signal
      const news = launcher.attach(launch, handle, { state, signal })
      for (;;) {
        const { done, value } = await news.next()
        if (done) return value
        all.push(value)
        if (value.type === 'lines') lines.push(...value.lines.map(({ text }) => text))
        else words.push(value.draft.phase ?? '')
      }
    }

    /** The first line like this, as soon as there is one. */
    function line(like: RegExp): Promise<string> {
      return waitFor(() => lines.find((text) => like.test(text)))
    }
  }
}
