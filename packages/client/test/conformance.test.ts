import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { endAll, type RunningServer, startServer } from '../../server/test/support/processes.js'
import { readToEnd } from '../../server/test/support/reading.js'
import { seededRandom } from '../../server/test/support/seed.js'
import {
  type Behaviour,
  behaviours,
  cutsAtEveryByte,
  cutsInTheHead,
  type Driver,
  splitsAtEveryByte,
} from './conformance/behaviours.js'
import { browserDriver } from './conformance/browser.js'
import { commandDriver } from './conformance/command.js'
import { startCuttingProxy } from './conformance/cutting-proxy.js'
import { pythonDriver } from './conformance/python.js'
import { ASKED, play } from './conformance/scripted-server.js'
import { sdkDriver } from './conformance/sdk.js'

/** How many cases run at a time: they wait more than they work. */
const AT_ONCE = 16

/** Of what is slow, every so manieth case. */
const SOME = 29

const CUTS = 200
const ENTRIES = 4000

/** Every client. Add one here, and it is held to all of this. */
const drivers: readonly (() => Driver)[] = [sdkDriver, browserDriver, commandDriver, pythonDriver]

let server: RunningServer
beforeAll(async () => {
  server = await startServer({ env: { LAUNCHTAIL_LOG_LEVEL: 'error' } })
})
afterAll(endAll)

for (const start of drivers) {
  const driver = start()
  describe.concurrent(driver.name, () => {
    for (const behaviour of behaviours) {
      // A port that is closed for a while may become another case's.
      const alone = behaviour.closedFor ? it.sequential : it
      alone(behaviour.name, () => check(driver, behaviour))
    }

    it('resumes exactly, whatever byte the stream is cut at', () => checkAll(cutsAtEveryByte))
    it('asks again, whatever byte of the head the answer is cut at', () => checkAll(cutsInTheHead))
    it('reads the same, whatever byte the stream is parted at', () => checkAll(splitsAtEveryByte))

    it('loses and doubles nothing of a real server’s log that is cut at 200 random bytes', {
      timeout: 180_000,
    }, async () => {
      const { url, token, post } = server
      const node = (await (await post('/admin/nodes', {})).json()) as { node_id: string }
      const path = `/admin/nodes/${node.node_id}/logs`
      const proxy = await startCuttingProxy(Number(new URL(url).port), {
        times: CUTS,
        upTo: 5000,
        random: seededRandom(`cuts of ${driver.name}`),
      })
      try {
        const written = write()
        const running = driver.run(proxy.url, node.node_id, token, { tail: 2 * ENTRIES })
        const [{ events, outcome }] = await Promise.all([running, written])
        const tail = `?tail=${2 * ENTRIES}`
        const whole = await readToEnd(`${url}${path}/stream${tail}`, { 'X-Admin-Token': token })
        const idsOf = (all: readonly { id: string }[]) => all.map(({ id }) => id)
        expect(idsOf(events)).toEqual(idsOf(whole.events))
        expect(events).toEqual(whole.events)
        expect(events.filter(({ event }) => event === 'log')).toHaveLength(ENTRIES)
        expect(outcome).toBe(driver.tells?.('done') ?? 'done')
        expect(proxy.cuts()).toBe(CUTS)
      } finally {
        proxy.close()
      }

      async function write(): Promise<void> {
        for (let from = 0; from < ENTRIES; from += 100) {
          const entries = Array.from({ length: 100 }, (_, n) => entryOf(from + n))
          expect((await post(path, entries)).status).toBe(202)
        }
      }
    })

    async function checkAll(all: readonly Behaviour[]): Promise<void> {
      expect(all.length).toBeGreaterThan(100)
      const left = all.filter((_, n) => !driver.isSlow || n % SOME === 0)
      await Promise.all(
        Array.from({ length: AT_ONCE }, async () => {
          for (let next = left.pop(); next; next = left.pop()) await check(driver, next)
        }),
      )
    }
  })
}

async function check(driver: Driver, { name, ...behaviour }: Behaviour): Promise<void> {
  const { events, outcome, asked } = await play(driver, { name, ...behaviour })
  const { expect: expected } = behaviour
  const told = driver.tells?.(expected.outcome) ?? expected.outcome
  // What has no id cannot be asked for once more.
  const mayMiss = driver.mayMiss && behaviour.script.some((answer) => answer.finally === 'cut')
  const certain = (all: typeof events) => (mayMiss ? all.filter(({ id }) => id !== '') : all)
  expect({ outcome, events: certain(events) }, name).toEqual({
    outcome: told,
    events: certain(expected.events),
  })
  const resumes = asked.map(({ lastEventId }) => lastEventId)
  if (!mayMiss) expect(resumes, `${name}: what it resumed by`).toEqual(expected.resumes)
  expect(resumes, name).toHaveLength(expected.resumes.length)
  expect([...expected.resumes, ''], name).toEqual(expect.arrayContaining(resumes))
  for (const { token, accept } of asked) expect({ token, accept }).toEqual(ASKED)
  for (const [n, ms] of (expected.waits ?? []).entries()) {
    expect(asked[n + 1]?.waited, `${name}: wait ${n}`).toBeGreaterThan(ms - 5)
  }
}

/** Every tenth has a progress, every hundredth is an error, the last ends the launch. */
function entryOf(n: number) {
  const last = n === ENTRIES - 1
  return {
    message: `größer 🚀 ${n}`,
    level: n % 100 === 50 ? 'error' : 'info',
    phase: last ? 'active' : 'installing',
    ...(n % 10 === 0 && { progress: (n / ENTRIES) * 90 }),
  }
}
