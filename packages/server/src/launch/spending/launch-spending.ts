import type { Transaction } from 'kysely'
import type { Database } from '../../database/open.js'
import type { Schema } from '../../database/schema.js'
import { addInstance, changeInstance, endInstances } from '../../nodes/spending/instances.js'
import type { LaunchRow } from '../launch-rows.js'
import type { Launcher } from '../launcher.js'
import { type Meter, metered } from './metered.js'

export interface LaunchSpendingOptions {
  database: Database
  row: Pick<LaunchRow, 'launch_id' | 'node_id' | 'launcher' | 'created_at'>
  clusterName: string
  now: () => Date
}

/** Notes what the machines of a launch cost, and for how long they were there. */
export interface LaunchSpending {
  /** The launcher, for one of the launch's attempts. */
  metered(launcher: Launcher, number: number): Launcher
  /** The machines are gone: all, or those of the attempts before this one. */
  gone(options?: { before?: number; transaction?: Transaction<Schema> }): Promise<void>
}

/** Launches on this machine cost nothing that anybody could know. */
const LOCAL = 'local'

export function createLaunchSpending(options: LaunchSpendingOptions): LaunchSpending {
  const { database, row, now } = options
  const { launch_id, node_id, launcher: name, created_at: launchedAt } = row
  return {
    metered: (launcher, number) => (name === LOCAL ? launcher : metered(launcher, meterOf, number)),
    gone: ({ before, transaction = database } = {}) =>
      endInstances(transaction, launch_id, { at: now(), before }),
  }

  function meterOf(number: number): Meter {
    const key = { launch_id, number }
    return {
      async isOpen() {
        const { up_at } = (await stored(number)) ?? {}
        return up_at === undefined || up_at === null
      },
      async priced(dollars) {
        const price = dollars ?? null
        await add(number)
        if ((await stored(number))?.price !== price) await changeInstance(database, key, { price })
      },
      async up() {
        const at = await upSince(number)
        await add(number)
        await changeInstance(database, key, { up_at: at.toISOString() })
      },
      async begins() {
        await endInstances(database, launch_id, { at: now(), before: number })
        // The log of a recovery has no price. SkyPilot asks for the same machines again.
        await add(number, await priceBefore(number))
      },
    }
  }

  async function add(number: number, price: number | null = null): Promise<void> {
    await addInstance(database, {
      ...{ launch_id, number, node_id, launcher: name, cluster_name: options.clusterName },
      ...{ created_at: now().toISOString(), price, up_at: null, down_at: null },
      ...{ reported: null, reported_at: null },
    })
  }

  async function priceBefore(number: number): Promise<number | null> {
    const before = await database
      .selectFrom('instances')
      .select('price')
      .where('launch_id', '=', launch_id)
      .where('number', '<', number)
      .orderBy('number', 'desc')
      .limit(1)
      .executeTakeFirst()
    return before?.price ?? null
  }

  function stored(number: number) {
    return database
      .selectFrom('instances')
      .select(['price', 'up_at'])
      .where('launch_id', '=', launch_id)
      .where('number', '=', number)
      .executeTakeFirst()
  }

  /** The record may know it from before this process began. */
  async function upSince(number: number): Promise<Date> {
    const at = now()
    if (number !== 1) return at
    const phases = await database
      .selectFrom('phases')
      .select(['phase', 'started_at'])
      .where('node_id', '=', node_id)
      .orderBy('position')
      .execute()
    const isOurs = Date.parse(phases[0]?.started_at ?? '') >= Date.parse(launchedAt)
    const first = phases.find(({ phase }) => !BEFORE_MACHINES.has(phase))
    if (!isOurs || !first) return at
    return new Date(Math.min(at.getTime(), Date.parse(first.started_at)))
  }
}

const BEFORE_MACHINES: ReadonlySet<string> = new Set(['queued', 'provisioning', 'failed'])
