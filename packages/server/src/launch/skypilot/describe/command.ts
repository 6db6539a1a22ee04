import { userInfo } from 'node:os'
import type { SkyPilotState } from '@launchtail/client/protocol'
import type { SkyPilot } from '../../../nodes/skypilot.js'
import { skyIn } from '../cli/environment.js'
import { runSky } from '../cli/run-sky.js'
import { clustersOf } from '../cli/sky-command.js'
import { infraIn } from './check-text.js'
import { onceInAWhile } from './once.js'

export interface DescribeCommandOptions {
  env: Readonly<Record<string, string | undefined>>
  /** How long a command may take, in milliseconds. */
  timeout?: number
}

const TIMEOUT = 120_000

/** Describes what the `sky` command reaches. */
export function describeCommand({ env, timeout = TIMEOUT }: DescribeCommandOptions): SkyPilot {
  return { describe: onceInAWhile(describe) }

  async function describe(): Promise<SkyPilotState> {
    const state: SkyPilotState = { way: 'command', infra: [], clusters: [] }
    try {
      const sky = skyIn(env)
      const limits = { timeout, signal: new AbortController().signal }
      const { text } = await runSky(sky, ['--version'], limits)
      const version = /\bversion (\S{1,60})/.exec(text)?.[1]
      Object.assign(state, { ...(version && { version }), user: userInfo().username })
      const check = await runSky(sky, ['check'], limits)
      const clusters = await clustersOf(sky, limits)
      const infra = infraIn(check.text)
      if (check.code !== 0 && infra.length === 0) {
        const last = check.text.trim().split('\n').at(-1) ?? ''
        return { ...state, problem: `\`sky check\` failed: ${last.slice(0, 500)}` }
      }
      return { ...state, infra, clusters }
    } catch (error) {
      return { ...state, problem: (error as Error).message }
    }
  }
}
