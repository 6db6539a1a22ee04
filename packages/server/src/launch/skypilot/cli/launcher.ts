import { existsSync, rmSync } from 'node:fs'
import { withDeadline } from '@launchtail/client/async'
import type { LaunchRequest } from '@launchtail/client/protocol'
import { CODE_FOLDER } from '../../../code-folder.js'
import type { Launch, Launcher } from '../../launcher.js'
import { baseEnvironment } from '../../local/plan.js'
import { refuseManaged } from '../../refuse-managed.js'
import type { Identity } from '../../supervised/processes.js'
import { ensureSupervisor, findSupervisor } from '../../supervised/spawn.js'
import { canDoWithoutPorts } from '../opens-ports.js'
import { PACE, type Pace } from '../pace.js'
import { skyTaskOf, taskYaml } from '../task.js'
import { DEFAULT_PORT, type SkyTask, type Versions } from '../vllm-task.js'
import { attach } from './attach.js'
import { endSupervisor } from './end-supervisor.js'
import { refuseSteering, skyIn } from './environment.js'
import { type CliPlan, cliFiles } from './files.js'
import { planBySky } from './plan.js'
import { costsOf, skyDown } from './sky-command.js'

export interface SkyCommandLauncherOptions {
  /** The server's environment: `sky` finds the clouds' credentials in it. */
  env: Readonly<Record<string, string | undefined>>
  versions: Versions
  /** The server's own secrets, which must not reach a launch's folder either. */
  ownSecrets?: readonly string[]
  /** Milliseconds a launch has to become ready. */
  launchTimeout: number
  /** False: it takes no new launches, and looks after those that are running. */
  enabled?: boolean
  pace?: Partial<Pace>
}

const ONLY_CLUSTER = 'it needs SkyPilot’s API server; set SKYPILOT_API_SERVER_ENDPOINT'

interface Handle {
  readonly at: number
  /** Where the server listens on the cluster, if a port was named. */
  readonly port?: number | undefined
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
      refuseManaged(request, ONLY_CLUSTER)
      taskFor(request)
      skyIn(env)
    },
    async plan(request, hidden) {
      refuseManaged(request, ONLY_CLUSTER)
      const portless = canDoWithoutPorts(request) ? taskFor(request, undefined, true) : undefined
      const tasks = { task: taskFor(request), portless }
      return planBySky(skyIn(env), { request, ...tasks, hidden })
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
      const options = { launch, sky: skyIn(env), port, at, state, launchTimeout, pace, restart }
      return yield* attach({ ...options, signal })
    },
    async cancel(launch, handle, signal) {
      const { supervisor } = cliFiles(launch.folder)
      const begun = handle !== undefined || existsSync(supervisor)
      await endSupervisor(launch.folder, findSupervisor(launch.folder))
      // The request goes on at SkyPilot when the command is ended.
      if (begun) await takeDown(launch.clusterName, signal)
    },
    takeDown,
    costs: (names, signal) => costsOf(skyIn(env), { names, timeout: pace.command, signal }),
  }

  function takeDown(cluster: string, signal?: AbortSignal): Promise<void> {
    const { cancel: timeout } = pace
    return withDeadline(timeout, signal, (within) =>
      skyDown(skyIn(env), { cluster, timeout, signal: within }),
    )
  }

  function supervise({
    folder,
    clusterName: cluster,
    request,
  }: Pick<Launch, 'folder' | 'clusterName' | 'request'>): Promise<Identity> {
    const task = taskFor(request, folder)
    const { file, env: environment } = skyIn(env)
    const plan: CliPlan = {
      sky: file,
      cluster,
      task: taskYaml(task, false),
      ...(canDoWithoutPorts(request) && {
        portless: taskYaml(taskFor(request, folder, true), false),
      }),
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

  function taskFor(request: LaunchRequest, folder?: string, portless = false): SkyTask {
    const task = skyTaskOf(request, { versions, portless, ...(folder !== undefined && { folder }) })
    refuseSteering(task)
    return task
  }
}

function handleOf(handle: unknown): Handle & { readonly port: number } {
  const { at, port } = (handle ?? {}) as Partial<Handle>
  return {
    at: typeof at === 'number' ? at : Date.now(),
    port: typeof port === 'number' ? port : DEFAULT_PORT,
  }
}
