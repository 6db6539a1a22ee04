import { formatPrice, type LogEntry } from '@launchtail/client/protocol'

/** That more was spent on a day than its budget, as it is told to whom a running node belongs. */
export interface OverBudget {
  /** The day, in UTC. */
  readonly day: string
  /** US dollars. */
  readonly budget: number
  readonly spent: number
}

/** The entry that says so. */
export function overBudgetEntry(over: OverBudget, price: number) {
  const { day, budget, spent } = over
  const sums = `${formatPrice(spent)} was spent on ${day} of ${formatPrice(budget)}`
  return {
    level: 'warn' as const,
    message: `${OVER}${sums}; this node runs on, at ${formatPrice(price)} an hour`,
    details: `${BUDGET}${JSON.stringify({ day, budget, spent })}`,
  }
}

/** What such an entry says; undefined for any other entry. */
export function overBudgetIn({ level, message, details = '' }: LogEntry): OverBudget | undefined {
  if (level !== 'warn' || !message.startsWith(OVER) || !details.startsWith(BUDGET)) return undefined
  try {
    const { day, budget, spent } = JSON.parse(details.slice(BUDGET.length)) as Partial<OverBudget>
    if (typeof day !== 'string' || !DAY.test(day)) return undefined
    if (typeof budget !== 'number' || typeof spent !== 'number') return undefined
    return { day, budget, spent }
  } catch {
    // An entry that only resembles one: any program can write such a line.
    return undefined
  }
}

const OVER = 'The budget of the day is exceeded: '
const BUDGET = 'budget: '
const DAY = /^\d{4}-\d\d-\d\d$/
