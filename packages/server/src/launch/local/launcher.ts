import { CODE_FOLDER } from '../../code-folder.js'
import type { Launch, Launcher } from '../launcher.js'
import { shownTask } from '../planned-task.js'
import { readinessOf } from '../readiness/readiness.js'
import { refuseManaged } from '../refuse-managed.js'
import type { Identity } from '../supervised/processes.js'
import { ensureSupervisor, findSupervisor } from '../supervised/spawn.js'
import { attach } from './attach.js'
import { endLaunch } from './end-launch.js'
import { localTask } from './local-task.js'
import { baseEnvironment, type PlanOptions, planOf } from './plan.js'

const ONLY_PROCESS = 'a local launch is a process of this machine'

export interface LocalLauncherOptions extends PlanOptions {
  /** Milliseconds a launch has to become ready. */
  launchTimeout: number
  /** Milliseconds between two probes. */
  probeInterval?: number
  /** False: it takes no new launches, and looks after those that are running. */
  enabled?: boolean
}

/**
 * Launches nodes as processes of this machine. Each launch has a supervisor, a process of its own that
 * survives the server and writes down in the launch's folder how the launch goes.
 */
export function localLauncher({
  env,
  passEnv,
  ownSecrets = [],
  launchTimeout,
  probeInterval = 250,
  enabled = true,
}: LocalLauncherOptions): Launcher {
  return {
    name: 'local',
    serves: (provider) => enabled && provider === 'local',
    async check(request) {
      refuseManaged(request, ONLY_PROCESS)
      planOf(request, { env, passEnv })
    },
    async plan(request, hidden) {
      refuseManaged(request, ONLY_PROCESS)
      planOf(request, { env, passEnv })
      const { fields, envs, secrets } = localTask(request, [])
      const { envs: _, secrets: __, ...rest } = fields
      const task = {
        fields: rest,
        envs: { ...envs, ...request.envs },
        secrets: { ...secrets, ...request.secrets },
      }
      return { task: shownTask(task, hidden), places: [{ infra: 'local', gpu: '' }], problems: [] }
    },
    start: ({ folder, request }) =>
      ensureSupervisor({
        module: new URL('launch/local/supervisor', CODE_FOLDER),
        folder,
        plan: planOf(request, { env, passEnv, ownSecrets }),
        env: baseEnvironment({ env, passEnv: [] }),
      }),
    attach: async function* (launch, handle, { state, signal }) {
      const leader = identityOf(handle)
      if (!leader) return { message: 'it is not known which process the launch was' }
      const { folder, request } = launch
      const readiness = readinessOf(request)
      const options = { folder, leader, readiness, state, signal, launchTimeout, probeInterval }
      return yield* attach(options)
    },
    cancel,
    // Its outcomes leave nothing.
    async takeDown() {},
    costs: async () => [],
  }

  async function cancel(launch: Launch, handle: unknown): Promise<void> {
    const { folder } = launch
    await endLaunch(folder, identityOf(handle) ?? findSupervisor(folder))
  }
}

function identityOf(handle: unknown): Identity | undefined {
  const { pid, started } = (handle ?? {}) as Partial<Identity>
  return typeof pid === 'number' && typeof started === 'string' ? { pid, started } : undefined
}
