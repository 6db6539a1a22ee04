import { type Rounds, startRounds } from '../../async/rounds.js'
import type { Database } from '../../database/open.js'
import type { Appender } from '../../logs/appender.js'
import { type OverBudget, overBudgetEntry } from '../../logs/budget-entry.js'
import { rounded, spentOnAll } from '../../nodes/spending/instance.js'
import { instancesOf } from '../../nodes/spending/instances.js'
import type { Limits } from '../limits/limits.js'
import { offsetName } from '../offset-name.js'
import type { Budget } from './budget.js'

export interface BudgetMonitorOptions {
  database: Database
  /** The id of this process: others look after the launches that they run. */
  owner: string
  budget: Pick<Budget, 'amount' | 'today'>
  appender: Appender
  now: () => Date
  onFault: (message: string, error: unknown) => void
  /** Milliseconds between two rounds. */
  every?: number | undefined
}

type Row = Awaited<ReturnType<typeof running>>[number]

const EVERY = 60_000

/**
 * Tells each node that runs that the day's budget is exceeded, once a day, and that its own is, once. None is ended
 * because of it.
 */
export function startBudgetMonitor(options: BudgetMonitorOptions): Rounds {
  const { database, owner, budget, appender, now, onFault, every = EVERY } = options
  const rounds = startRounds(look, {
    every,
    onFault: (error) => onFault('comparing what was spent with the budgets', error),
  })
  void rounds.now()
  return rounds

  async function look(): Promise<void> {
    const rows = await running(database, owner)
    await compareOwn(rows)
    await compareDay(rows)
  }

  async function compareDay(rows: readonly Row[]): Promise<void> {
    const { amount } = budget
    if (amount === undefined) return
    const { date: day, spent } = await budget.today()
    if (spent <= amount) return
    for (const row of rows) await tell(row, { day, budget: amount, spent: rounded(spent) })
  }

  async function compareOwn(rows: readonly Row[]): Promise<void> {
    const limited = rows.flatMap((row) => {
      const { budget: own } = JSON.parse(row.limits ?? '{}') as Limits
      return own === undefined ? [] : [{ row, own }]
    })
    const ids = limited.map(({ row }) => row.launch_id)
    const instances = await instancesOf(database, ids)
    for (const { row, own } of limited) {
      const spent = spentOnAll(instances.get(row.launch_id) ?? [], now().getTime()) ?? 0
      if (spent > own) await tell(row, { budget: own, spent: rounded(spent) })
    }
  }

  async function tell({ node_id, source, price }: Row, over: OverBudget): Promise<void> {
    const draft = overBudgetEntry(over, price ?? 0)
    const name = offsetName(source, `budget-${over.day ?? 'own'}`)
    // Without a phase of its own, the entry changes nothing about the launch.
    const { phase } = await appender.state(node_id)
    if (phase !== 'failed') {
      await appender.append(node_id, [draft], { offset: { name, from: 0, to: 1 } })
    }
  }
}

/** The launches whose machines cost something. */
function running(database: Database, owner: string) {
  return database
    .selectFrom('launches')
    .innerJoin('instances', 'instances.launch_id', 'launches.launch_id')
    .select(['launches.launch_id', 'launches.node_id', 'launches.source', 'launches.limits'])
    .select('instances.price')
    .where('launches.state', 'in', ['starting', 'running'])
    .where('launches.owner', '=', owner)
    .where('instances.price', 'is not', null)
    .where('instances.up_at', 'is not', null)
    .where('instances.down_at', 'is', null)
    .execute()
}
