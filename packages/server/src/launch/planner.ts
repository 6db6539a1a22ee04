import { type LaunchRequest, type PlanRequest, parseDuration } from '@launchtail/client/protocol'
import { HttpError } from '../errors.js'
import type { Planned } from '../nodes/launches.js'
import { createRedactor } from '../output/redact/index.js'
import { attemptsOf, placedRequests } from './attempts/attempt.js'
import { checkPlaces } from './attempts/check-places.js'
import type { LaunchRows } from './launch-rows.js'
import { secretValuesOf, withSecretEnvs } from './launch-secrets.js'
import type { Launcher } from './launcher.js'
import { chooseLauncher } from './launchers.js'
import { type LimitSettings, readLimits } from './limits/limits.js'
import { problemsIn } from './plan-problems.js'
import type { Budget } from './spending/budget.js'
import { pricesOver } from './spending/prices.js'
import { TaskRefusal } from './task-refusal.js'

export interface PlannerOptions {
  launchers: readonly Launcher[]
  rows: Pick<LaunchRows, 'unended'>
  /** The server's own secrets. */
  ownSecrets: readonly string[]
  limits: LimitSettings
  budget: Pick<Budget, 'refusal'>
}

/** A plan, and the price of an hour at the place that is chosen by each of its parts. */
type PlannedAt = Planned & { readonly prices: readonly (number | undefined)[] }

/** Says what a launch would do. What would make it be refused is part of the answer. */
export function createPlanner({ launchers, rows, ownSecrets, limits, budget }: PlannerOptions) {
  return async ({ replicas = 1, ...wanted }: PlanRequest): Promise<Planned> => {
    const { prices, ...planned } = await planOf(wanted).catch((error): PlannedAt => {
      if (!(error instanceof HttpError)) throw error
      return { task: '', places: [], problems: problemsIn(error, wanted), prices: [] }
    })
    const { limits: own, faults } = readLimits(wanted, limits)
    const all = Array.from({ length: replicas }, () => ({
      prices: pricesOver(prices),
      limits: own,
    }))
    const why = await budget.refusal(all)
    const more = [
      ...problemsIn(new TaskRefusal(faults), wanted),
      ...(await ofNode(wanted)),
      ...(why === undefined ? [] : [{ field: 'budget', message: why }]),
    ]
    return { ...planned, ...attemptsIn(wanted), problems: [...planned.problems, ...more] }
  }

  async function planOf(wanted: LaunchRequest): Promise<PlannedAt> {
    const request = withSecretEnvs(wanted)
    checkPlaces(request)
    const [first, ...others] = placedRequests(request)
    const launcher = chooseLauncher(launchers, first.provider)
    const hidden = [...secretValuesOf(request), ...ownSecrets]
    const { redact } = createRedactor({ values: hidden })
    const plans = [await planAt(launcher, first, hidden)]
    for (const placed of others) plans.push(await planAt(launcher, placed, hidden))
    const problems = plans.flatMap((plan) => plan.problems)
    return {
      task: plans[0]?.task ?? '',
      places: plans.flatMap(({ places }) => places),
      problems: problems.map(({ field, message }) => ({ field, message: redact(message) })),
      prices: plans.map(({ places: [chosen] }) => chosen?.price_per_hour),
    }
  }

  async function planAt(
    launcher: Launcher,
    request: LaunchRequest,
    hidden: readonly string[],
  ): Promise<Planned> {
    return launcher.plan(request, hidden).catch((error): Planned => {
      if (!(error instanceof HttpError)) throw error
      return { task: '', places: [], problems: problemsIn(error, request) }
    })
  }

  async function ofNode({ node_id: nodeId }: LaunchRequest): Promise<Planned['problems']> {
    if (nodeId === undefined || (await rows.unended(nodeId)) === undefined) return []
    return [{ field: 'node_id', message: `node ${nodeId} has a launch that is not over` }]
  }
}

/** How often it would be tried, if not once. */
function attemptsIn(request: LaunchRequest): Pick<Planned, 'attempts'> {
  const most = attemptsOf(request)
  if (most === 1) return {}
  const within = parseDuration(request.launch_timeout ?? '')
  return {
    attempts: {
      ...(Number.isFinite(most) && { most }),
      ...(within !== undefined && { within_seconds: within / 1000 }),
    },
  }
}
