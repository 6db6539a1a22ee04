import { type Rounds, startRounds } from '../../async/rounds.js'
import type { Database } from '../../database/open.js'
import type { Appender } from '../../logs/appender.js'
import { overBudgetEntry } from '../../logs/budget-entry.js'
import { rounded } from '../../nodes/spending/instance.js'
import { offsetName } from '../offset-name.js'
import type { Budget } from './budget.js'

export interface BudgetMonitorOptions {
  database: Database
  /** The id of this process: others look after the launches that they run. */
  owner: string
  budget: Pick<Budget, 'amount' | 'today'>
  appender: Appender
  onFault: (message: string, error: unknown) => void
  /** Milliseconds between two rounds. */
  every?: number | undefined
}

const EVERY = 60_000

/** Tells of each node that runs, once a day, that the day's budget is exceeded. None is ended because of it. */
export function startBudgetMonitor(options: BudgetMonitorOptions): Rounds {
  const { database, owner, budget, appender, onFault, every = EVERY } = options
  const rounds = startRounds(look, {
    every,
    onFault: (error) => onFault('comparing what was spent with the budget', error),
  })
  void rounds.now()
  return rounds

  async function look(): Promise<void> {
    const { amount } = budget
    if (amount === undefined) return
    const { date: day, spent } = await budget.today()
    if (spent <= amount) return
    for (const { node_id, source, price } of await running()) {
      const draft = overBudgetEntry({ day, budget: amount, spent: rounded(spent) }, price ?? 0)
      const offset = { name: offsetName(source, `budget-${day}`), from: 0, to: 1 }
      // Without a phase of its own, the entry changes nothing about the launch.
      const { phase } = await appender.state(node_id)
      if (phase !== 'failed') await appender.append(node_id, [draft], { offset })
    }
  }

  /** The launches whose machines cost something. */
  function running() {
    return database
      .selectFrom('launches')
      .innerJoin('instances', 'instances.launch_id', 'launches.launch_id')
      .select(['launches.node_id', 'launches.source', 'instances.price'])
      .where('launches.state', 'in', ['starting', 'running'])
      .where('launches.owner', '=', owner)
      .where('instances.price', 'is not', null)
      .where('instances.up_at', 'is not', null)
      .where('instances.down_at', 'is', null)
      .execute()
  }
}
