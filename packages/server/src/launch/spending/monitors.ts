import { type Rounds, startRounds } from '../../async/rounds.js'
import { pruneInstances } from '../../nodes/spending/prune-instances.js'
import { type BudgetMonitorOptions, startBudgetMonitor } from './budget-monitor.js'
import { type CostMonitorOptions, startCostMonitor } from './cost-monitor.js'

/** Starts what looks after the money of launches, until it is stopped. */
export function startSpendingMonitors(
  options: CostMonitorOptions & BudgetMonitorOptions,
): readonly Rounds[] {
  return [startCostMonitor(options), startBudgetMonitor(options), startPruning(options)]
}

const HOUR = 3_600_000
/** What is gone counts for its day's budget, and may be in a cost report for an hour. */
const KEPT = 48 * HOUR

function startPruning({ database, now, onFault }: CostMonitorOptions): Rounds {
  const rounds = startRounds(() => pruneInstances(database, new Date(now().getTime() - KEPT)), {
    every: HOUR,
    onFault: (error) => onFault('removing what is known of old machines', error),
  })
  void rounds.now()
  return rounds
}
