import { existsSync, rmSync } from 'node:fs'
import { withDeadline } from '@launchtail/client/async'
import type { LaunchRequest } from '@launchtail/client/protocol'
import { CODE_FOLDER } from '../../../code-folder.js'
import { HttpError } from '../../../errors.js'
import type { Launch, Launcher } from '../../launcher.js'
import { baseEnvironment } from '../../local/plan.js'
import { endSession, type Identity } from '../../supervised/processes.js'
import { ensureSupervisor, findSupervisor } from '../../supervised/spawn.js'
import { refusal } from '../../task-refusal.js'
import { PACE, type Pace } from '../pace.js'
import { skyTaskOf, taskYaml } from '../task.js'
import { DEFAULT_PORT, type SkyTask, type Versions } from '../vllm-task.js'
import { attach } from './attach.js'
import { type CliPlan, cliFiles } from './files.js'
import { findSky } from './find-sky.js'
import { skyDown } from './sky-command.js'

export interface SkyCommandLauncherOptions {
  /** The server's environment: `sky` finds the clouds' credentials in it. */
  env: Readonly<Record<string, string | undefined>>
  versions: Versions
  /** The server's own secrets, which must not be in a launch's folder either. */
  ownSecrets?: readonly string[]
  /** Milliseconds a launch has to become ready. */
  launchTimeout: number
  /** False: it takes no new launches, and looks after those that are running. */
  enabled?: boolean
  pace?: Partial<Pace>
}

interface Handle {
  readonly at: number
  readonly port: number
}

/**
 * Launches nodes through the `sky` command, for machines that have no API server to talk to. Each
 * launch has a supervisor, a process that runs the command and survives the server.
 */
export function skyCommandLauncher({
  env,
  versions,
  ownSecrets = [],
  launchTimeout,
  enabled = true,
  pace: given = {},
}: SkyCommandLauncherOptions): Launcher {
  const pace = { ...PACE, ...given }
  return {
    name: 'sky',
    serves: (provider) => enabled && provider !== 'local',
    async check(request) {
      taskFor(request)
      command()
    },
    async start({ folder, clusterName, request }): Promise<Handle> {
      const { port } = taskFor(request)
      await supervise({ folder, clusterName, request })
      return { at: Date.now(), port }
    },
    attach: async function* (launch, handle, { state, signal }) {
      const { at, port } = handleOf(handle)
      const restart = () => {
        rmSync(cliFiles(launch.folder).supervisor, { force: true })
        return supervise(launch)
      }
      const options = { launch, sky: command(), port, at, state, launchTimeout, pace, restart }
      return yield* attach({ ...options, signal })
    },
    async cancel(launch, handle, signal) {
      const { supervisor } = cliFiles(launch.folder)
      const begun = handle !== undefined || existsSync(supervisor)
      const leader = findSupervisor(launch.folder)
      if (leader) await endSession(leader)
      // The request goes on at SkyPilot when the command is ended.
      if (!begun) return
      const { clusterName: cluster } = launch
      await withDeadline(pace.cancel, signal, (within) =>
        skyDown(command(), { cluster, timeout: pace.cancel, signal: within }),
      )
    },
  }

  function supervise({
    folder,
    clusterName: cluster,
    request,
  }: Pick<Launch, 'folder' | 'clusterName' | 'request'>): Promise<Identity> {
    const task = taskFor(request)
    const { file, env: environment } = command()
    const plan: CliPlan = {
      sky: file,
      cluster,
      task: taskYaml(task, false),
      secrets: task.secrets,
      hidden: ownSecrets,
      env: environment,
      retry: pace.first,
      look: pace.cluster,
      timeout: pace.command,
    }
    const module = new URL('launch/skypilot/cli/supervisor', CODE_FOLDER)
    return ensureSupervisor({ module, folder, plan, env: baseEnvironment({ env, passEnv: [] }) })
  }

  function command() {
    const file = findSky(env.PATH)
    if (file !== undefined) return { file, env: environmentOf(env) }
    throw new HttpError(
      503,
      'SkyPilot is not installed: "sky" was not found on PATH; install it, or set SKYPILOT_API_SERVER_ENDPOINT',
    )
  }

  function taskFor(request: LaunchRequest): SkyTask {
    const task = skyTaskOf(request, versions)
    // Secrets reach `sky` through its environment, where some names change what `sky` itself does.
    const faults = Object.keys(task.secrets)
      .filter((name) => STEERING.test(name))
      .map((name) => `"secrets.${name}" steers the \`sky\` command itself; use another name`)
    if (faults.length > 0) throw refusal(faults)
    return task
  }
}

const STEERING =
  /^(?:PATH|HOME|SHELL|IFS|ENV|BASH_ENV|LANG|TMPDIR|LD_\w+|DYLD_\w+|PYTHON\w*|NODE_\w+|XDG_\w+|https?_proxy|all_proxy|no_proxy)$/i

/** This server's own settings, which `sky` does not get. */
const OURS = /^(?:LAUNCHTAIL_|REDIS_URL$|DATABASE_URL$)/

function environmentOf(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const passed = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !OURS.test(entry[0]),
  )
  // Without it, Python holds output back until there are 8 KiB.
  return { ...Object.fromEntries(passed), PYTHONUNBUFFERED: '1' }
}

function handleOf(handle: unknown): Handle {
  const { at, port } = (handle ?? {}) as Partial<Handle>
  return {
    at: typeof at === 'number' ? at : Date.now(),
    port: typeof port === 'number' ? port : DEFAULT_PORT,
  }
}
