import { setTimeout as sleep } from 'node:timers/promises'
import { newNode } from '../support/nodes.js'
import { PROGRAM, type RunningServer, until } from '../support/processes.js'
import { startReceiver } from '../support/receiver.js'
import { type Report, spend, untilReady } from './bad-days.js'
import type { Fleet } from './fleet.js'
import { recordOf, startLaunches } from './launches.js'
import { TOLD_EVENTS, wronglyTold } from './told.js'

export interface UpgradeOptions {
  /** The command of the version before. */
  old: string
  /** Milliseconds that both versions run side by side, each way. */
  length: number
  say: (words: string) => void
}

const LOAD = { replicas: 3, nodes: 8, readers: 3, rate: 80 }

/** A fleet is upgraded under its readers, one server after the other, and the upgrade is taken back. */
export async function spendUpgrading(
  { old, length, say }: UpgradeOptions,
  random: () => number,
): Promise<Report> {
  const wrong: string[] = []
  const load = { ...LOAD, fleet: { program: old } }
  const report = await spend(load, random, async ({ fleet }) => {
    const launches = await beginLaunches(fleet)
    say('all are of the old version')
    for (const [from, to, name] of [
      [old, PROGRAM, 'new'],
      [PROGRAM, old, 'old'],
    ] as const) {
      await become(fleet, 0, to)
      say(`the first is of the ${name} version`)
      await sleep(length / 2)
      // One of the version before starts beside it.
      await become(fleet, 1, from)
      await sleep(length / 2)
      for (const at of [1, 2]) await become(fleet, at, to)
      say(`all are of the ${name} version`)
    }
    wrong.push(...(await launches.end()))
  })
  return { ...report, violations: [...report.violations, ...wrong] }
}

async function become(fleet: Fleet, at: number, program: string): Promise<void> {
  await fleet.replicas[at]?.stop()
  await fleet.restart(at, program)
  await untilReady(fleet, at)
}

/** Launches that go through their phases, and a webhook that is told of each. */
async function beginLaunches(fleet: Fleet) {
  const [first] = fleet.replicas as [RunningServer]
  const receiver = await startReceiver()
  const hook = { url: receiver.url, events: TOLD_EVENTS }
  if ((await first.post('/admin/webhooks', hook)).status !== 201) throw new Error('no webhook')
  const nodeIds = [await newNode(first), await newNode(first), await newNode(first)]
  const launches = startLaunches({ url: fleet.balancer.url, nodeIds, rate: 60, phaseFor: 2000 })
  return { end }

  /** What is wrong, in words. */
  async function end(): Promise<string[]> {
    await launches.stop()
    const { written } = launches
    await until('each phase to be told', () => wronglyTold(receiver.received, written).length === 0)
      // It is told below.
      .catch(() => {})
    return [
      ...wronglyTold(receiver.received, written),
      ...(await recordsOtherThan(written)),
      ...[...launches.again].map(([outcome, count]) => `${count} appends: ${outcome}`),
    ]
  }

  async function recordsOtherThan(written: typeof launches.written): Promise<string[]> {
    const found: string[] = []
    for (const [nodeId, lines] of written) {
      for (const server of fleet.replicas) {
        const answer = await server.fetch(`/admin/nodes/${nodeId}`)
        const { phase, message, status } = (await answer.json()) as Record<string, unknown>
        const [shown, must] = [{ phase, message, status }, recordOf(lines)].map((one) =>
          JSON.stringify(one),
        )
        if (shown !== must) found.push(`the record of ${nodeId} is ${shown}, not ${must}`)
      }
    }
    return found
  }
}
