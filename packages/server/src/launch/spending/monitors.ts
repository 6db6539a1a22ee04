import type { Rounds } from '../../async/rounds.js'
import { type BudgetMonitorOptions, startBudgetMonitor } from './budget-monitor.js'
import { type CostMonitorOptions, startCostMonitor } from './cost-monitor.js'

/** Starts what looks after the money of launches, until it is stopped. */
export function startSpendingMonitors(
  options: CostMonitorOptions & BudgetMonitorOptions,
): readonly Rounds[] {
  return [startCostMonitor(options), startBudgetMonitor(options)]
}
