import { DeadlineError, withDeadline } from '@launchtail/client/async'
import type { LaunchRequest, PlanProblem } from '@launchtail/client/protocol'
import type { Planned } from '../../../nodes/launches.js'
import { shownTask } from '../../planned-task.js'
import { consideredIn } from '../considered.js'
import { infraIn } from '../describe/check-text.js'
import { canDoWithoutPorts, saysNoPorts } from '../opens-ports.js'
import { problemOf } from '../plan-problem.js'
import { skyTaskOf } from '../task.js'
import type { Versions } from '../vllm-task.js'
import { asSent } from '../yaml.js'
import type { SkyApi } from './api.js'
import { SkyApiError } from './error.js'

export interface PlanOptions {
  request: LaunchRequest
  versions: Versions
  /** Values that must not reach SkyPilot for a plan. */
  hidden: readonly string[]
}

/** Milliseconds. SkyPilot looks through all its catalogs, and may ask every cloud. */
const TIMEOUT = 60_000

/** Asks the API server what it would do with a launch. */
export async function planAt(api: SkyApi, options: PlanOptions): Promise<Planned> {
  const { request, versions, hidden } = options
  const task = shownTask(skyTaskOf(request, { versions }), hidden)
  try {
    return await withDeadline(TIMEOUT, undefined, (signal) => ask(task, signal))
  } catch (error) {
    if (!(error instanceof SkyApiError || error instanceof DeadlineError)) throw error
    return { task, places: [], problems: [{ field: 'provider', message: error.message }] }
  }

  async function ask(task: string, signal: AbortSignal): Promise<Planned> {
    await api.health(signal)
    const dag = asSent(task)
    const refused = await api.validate(dag, signal)
    if (refused !== undefined) {
      return { task, places: [], problems: [problemOf(refused, request)] }
    }
    const { text, fault } = await api.optimize(dag, signal)
    if (fault === undefined) return { task, places: consideredIn(text), problems: [] }
    // A launch is asked for without ports then, too.
    if (saysNoPorts(fault) && canDoWithoutPorts(request)) {
      const portless = shownTask(skyTaskOf(request, { versions, portless: true }), hidden)
      if (portless !== task) return ask(portless, signal)
    }
    const problems = [problemOf(fault, request), ...(await whyDisabled(signal))]
    return { task, places: [], problems }
  }

  /** What SkyPilot's check says about the provider, where that is not enabled. */
  async function whyDisabled(signal: AbortSignal): Promise<PlanProblem[]> {
    const infra = infraIn(await api.check(signal))
    const found = infra.find(({ name }) => name.toLowerCase() === request.provider.toLowerCase())
    if (!found || found.enabled) return []
    const message = [`${found.name} is not enabled`, ...found.warnings.slice(0, 2)].join(': ')
    return [{ field: 'provider', message }]
  }
}
