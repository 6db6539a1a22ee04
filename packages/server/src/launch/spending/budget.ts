import type { LaunchRequest } from '@launchtail/client/protocol'
import type { Transaction } from 'kysely'
import type { Database } from '../../database/open.js'
import type { Schema } from '../../database/schema.js'
import { HttpError } from '../../errors.js'
import type { Today } from '../../nodes/launches.js'
import { addInstance } from '../../nodes/spending/instances.js'
import { secretValuesOf } from '../launch-secrets.js'
import type { Launcher } from '../launcher.js'
import type { Admitted, Wanted } from '../prepare-launch.js'
import { readDay } from './day.js'
import { type Prices, pricesOver, UNKNOWN } from './prices.js'
import { refusedBy, refusedByOwn } from './refused-by.js'

export interface BudgetOptions {
  database: Database
  /** US dollars a day for all launches; undefined for no budget. */
  budget: number | undefined
  /** The server's own secrets, which SkyPilot must not get for a plan. */
  ownSecrets: readonly string[]
  now: () => Date
}

type Executor = Database | Transaction<Schema>
type Priced = Pick<Wanted, 'prices' | 'limits'>

export interface Budget {
  readonly amount: number | undefined
  /**
   * Asks SkyPilot for the prices of a launch at each of its places. Nobody is asked where neither the launch nor the
   * day has a budget.
   */
  pricesOf(launcher: Launcher, placed: readonly LaunchRequest[]): Promise<Prices>
  /** Says why their own budgets, or that of the day, do not allow these launches; undefined if they do. */
  refusal(wanted: readonly Priced[]): Promise<string | undefined>
  /**
   * Throws 402 if they do not allow them. In the transaction that stores the launches, nobody else's can come in
   * between.
   */
  refuse(wanted: readonly Priced[], transaction?: Transaction<Schema>): Promise<void>
  /** Notes what a launch is going to cost, in the transaction that stores it. */
  note(transaction: Transaction<Schema>, admitted: Admitted, wanted: Wanted): Promise<void>
  /** What was spent today. */
  today(): Promise<Today>
}

/** Keeps all launches of a day, and each of its own, within their budgets, as far as their prices are known. */
export function createBudget({ database, budget, ownSecrets, now }: BudgetOptions): Budget {
  return { amount: budget, pricesOf, refusal, refuse, note, today }

  async function today(): Promise<Today> {
    return { ...(await readDay(database, now())), budget }
  }

  async function pricesOf(launcher: Launcher, placed: readonly LaunchRequest[]): Promise<Prices> {
    if (budget === undefined && placed[0]?.budget === undefined) return UNKNOWN
    const prices: (number | undefined)[] = []
    for (const request of placed) {
      const hidden = [...secretValuesOf(request), ...ownSecrets]
      prices.push(await launcher.plan(request, hidden).then(priceOf, withoutPrice))
    }
    return pricesOver(prices)
  }

  async function refusal(
    wanted: readonly Priced[],
    executor: Executor = database,
  ): Promise<string | undefined> {
    const [first] = wanted
    if (!first) return undefined
    const why = refusedByOwn(first.limits, first.prices.most)
    if (why !== undefined || budget === undefined) return why
    if (first.prices.most === undefined) return undefined
    const at = now()
    return refusedBy({
      ...{ budget, day: await readDay(executor, at), now: at.getTime() },
      ...{ price: first.prices.most, maxLifetime: first.limits.maxLifetime, count: wanted.length },
    })
  }

  async function refuse(
    wanted: readonly Priced[],
    transaction?: Transaction<Schema>,
  ): Promise<void> {
    const why = await refusal(wanted, transaction)
    if (why !== undefined) throw new HttpError(402, why)
  }

  async function note(
    transaction: Transaction<Schema>,
    { nodeId, launchId, clusterName }: Admitted,
    { prices: { first: price }, launcher }: Wanted,
  ): Promise<void> {
    if (price === undefined) return
    await addInstance(transaction, {
      ...{ launch_id: launchId, number: 1, node_id: nodeId, launcher: launcher.name, price },
      ...{ cluster_name: clusterName, created_at: now().toISOString(), up_at: null },
      ...{ down_at: null, reported: null, reported_at: null },
    })
  }
}

/** The chosen place is the first. */
function priceOf({ places }: Awaited<ReturnType<Launcher['plan']>>): number | undefined {
  return places[0]?.price_per_hour
}

/** What cannot be planned fails by itself. */
function withoutPrice(error: unknown): undefined {
  if (!(error instanceof HttpError)) throw error
}
