import { formatPrice, type LogEntry } from '@launchtail/client/protocol'

/** That more was spent than a budget, as it is told to whom a running node belongs. */
export interface OverBudget {
  /** The day whose budget it was, in UTC; missing for the launch's own. */
  readonly day?: string
  /** US dollars. */
  readonly budget: number
  readonly spent: number
}

/** The entry that says so. */
export function overBudgetEntry(over: OverBudget, price: number) {
  const { day, budget, spent } = over
  const when = day === undefined ? '' : ` on ${day}`
  const sums = `${formatPrice(spent)} was spent${when} of ${formatPrice(budget)}`
  return {
    level: 'warn' as const,
    message: `${beginningOf(over)}${sums}; this node runs on, at ${formatPrice(price)} an hour`,
    details: `${BUDGET}${JSON.stringify({ day, budget, spent })}`,
  }
}

/** What such an entry says; undefined for any other entry. */
export function overBudgetIn({ level, message, details = '' }: LogEntry): OverBudget | undefined {
  if (level !== 'warn' || !details.startsWith(BUDGET)) return undefined
  try {
    const { day, budget, spent } = JSON.parse(details.slice(BUDGET.length)) as Partial<OverBudget>
    if (day !== undefined && (typeof day !== 'string' || !DAY.test(day))) return undefined
    if (typeof budget !== 'number' || typeof spent !== 'number') return undefined
    const over = { ...(day !== undefined && { day }), budget, spent }
    return message.startsWith(beginningOf(over)) ? over : undefined
  } catch {
    // An entry that only resembles one: any program can write such a line.
    return undefined
  }
}

function beginningOf({ day }: OverBudget): string {
  return `The budget of the ${day === undefined ? 'launch' : 'day'} is exceeded: `
}

const BUDGET = 'budget: '
const DAY = /^\d{4}-\d\d-\d\d$/
