import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LaunchRequest, LogEntry } from '@launchtail/client/protocol'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { TERMINATED } from '../src/logs/entry-text.js'
import { plain } from './support/launch-scenarios.js'
import { task, waitFor } from './support/launching.js'
import { type Owner, startShared } from './support/owners.js'
import { endAll } from './support/processes.js'
import { seededRandom } from './support/seed.js'
import { type Double, startDouble } from './support/skypilot-double.js'

let shared: Awaited<ReturnType<typeof startShared>>
let api: Double

beforeAll(async () => {
  shared = await startShared()
  api = await startDouble({ scenario: (cluster) => plain({ gated: cluster.endsWith('gated') }) })
})
afterEach(() => shared.killAll())
afterAll(async () => {
  await shared.close()
  await api.close()
  await endAll()
})

const ended = ({ phase }: LogEntry) => phase === 'failed'
const active = ({ phase }: LogEntry) => phase === 'active'

function onSkypilot(node_id: string): LaunchRequest {
  return { node_id, provider: 'aws', region: 'x', gpu: 'H100', model: 'm/m' }
}

/** Starts servers. */
async function owners<Name extends string>(
  names: readonly Name[],
  options: { lease: number; launchTimeout?: number },
): Promise<Record<Name, Owner>> {
  const started = names.map(async (owner) => {
    const one = await shared.start({ ...options, owner, endpoint: api.url })
    return [owner, one] as const
  })
  return Object.fromEntries(await Promise.all(started)) as Record<Name, Owner>
}

/** Terminates what was launched, by whoever is left. */
async function endOf(nodeId: string, by: Owner): Promise<LogEntry[]> {
  await by.tell({ terminate: nodeId })
  await waitFor(async () => (await shared.row(nodeId)).state === 'ended' || undefined)
  return shared.list(nodeId)
}

async function ownerOf(nodeId: string): Promise<string | null> {
  return (await shared.row(nodeId)).owner
}

test('an owner that is stopped beyond its lease, fifty times, doubles and loses nothing', async () => {
  const { a, b } = await owners(['a', 'b'], { lease: 150, launchTimeout: 3_600_000 })
  const file = join(shared.folder, 'lines.txt')
  const random = seededRandom('owners')
  let count = 0
  const write = (lines: number) => {
    const numbers = Array.from({ length: lines }, (_, i) => `line ${count + i + 1}\n`)
    count += lines
    appendFileSync(file, numbers.join(''))
  }
  const arrived = (line: number) => shared.until('often', (e) => e.message === `line ${line}`)
  write(1)
  await a.tell({
    launch: {
      ...{ node_id: 'often', provider: 'local', region: 'local', gpu: 'cpu' },
      task: task({ run: `exec tail -n +1 -f ${file}` }),
    },
  })
  await arrived(1)
  for (let times = 0; times < 50; times += 1) {
    write(20)
    await sleep(random() * 30)
    const name = await ownerOf('often')
    const [owner, other] = name === 'a' ? [a, b] : [b, a]
    await shared.freeze(owner)
    write(18)
    await waitFor(async () => (await ownerOf('often')) === other.name || undefined)
    write(1)
    if (times % 2 === 0) await arrived(count)
    owner.wake()
  }
  write(2000 - count)
  await arrived(2000)
  const entries = await endOf('often', a)
  const lines = entries.map(({ message }) => message).filter((text) => text.startsWith('line '))
  expect(lines).toEqual(Array.from({ length: 2000 }, (_, i) => `line ${i + 1}`))
  expect(entries.filter(ended)).toMatchObject([{ message: TERMINATED }])
  expect((await shared.row('often')).owner_number).toBeGreaterThan(50)
}, 240_000)

test('an owner that wakes when another has its launch lets go of it, whatever it had in mind', async () => {
  // Had it not been stopped, it would give the launch up after this time and take it down.
  const launchTimeout = 3000
  const { first } = await owners(['first'], { lease: 300, launchTimeout })
  await first.tell({ launch: onSkypilot('gated1') })
  await shared.until('gated1', ({ message }) => /Launching on/.test(message))
  await shared.freeze(first)
  const stopped = performance.now()
  const { second } = await owners(['second'], { lease: 300 })
  for (const gate of ['provisioning', 'loading']) api.pass(gate)
  await shared.until('gated1', active)
  await waitFor(() => performance.now() - stopped > launchTimeout || undefined)
  const before = api.calls.length
  first.wake()
  await waitFor(async () => (await first.tell({ isRunning: 'gated1' })) === false || undefined)
  expect(api.calls.slice(before)).not.toContain('/down')
  expect(api.calls.slice(before)).not.toContain('/api/cancel')
  expect((await shared.list('gated1')).filter(ended)).toEqual([])
  expect(await ownerOf('gated1')).toBe('second')
  expect(await second.tell({ isRunning: 'gated1' })).toBe(true)
  const entries = await endOf('gated1', second)
  const ready = ({ message }: LogEntry) => message === 'Node is ready and serving requests!'
  expect(entries.filter(ready)).toHaveLength(1)
})

test('when all servers have died, one that comes takes the launches up as their leases lapse', async () => {
  const { a, b } = await owners(['a', 'b'], { lease: 1000 })
  await a.tell({ launch: onSkypilot('gated2') })
  await b.tell({ launch: onSkypilot('gated3') })
  for (const id of ['gated2', 'gated3'])
    await shared.until(id, ({ message }) => /up\.$/.test(message))
  await Promise.all([a.kill(), b.kill()])
  const { c } = await owners(['c'], { lease: 1000 })
  for (const id of ['gated2', 'gated3']) {
    await shared.until(id, active)
    expect(await ownerOf(id)).toBe('c')
    expect(api.launched.filter((name) => name.endsWith(id))).toHaveLength(1)
  }
  // Who comes back under its own name need not wait: a minute would be too long for this test.
  await c.kill()
  const { c: again } = await owners(['c'], { lease: 60_000 })
  await waitFor(async () => (await again.tell({ isRunning: 'gated2' })) === true || undefined)
  // Nor need anybody after a server that ended in order.
  await again.tell({ stop: true })
  const { d } = await owners(['d'], { lease: 60_000 })
  await waitFor(async () => (await ownerOf('gated2')) === 'd' || undefined)
  for (const id of ['gated2', 'gated3']) {
    expect((await endOf(id, d)).filter(ended)).toMatchObject([{ message: TERMINATED }])
  }
  expect(api.clusters.size).toBe(0)
})

test('a launch is terminated whoever is asked, also between two owners', async () => {
  const { a, b } = await owners(['a', 'b'], { lease: 3000 })
  const launched = async (id: string) => {
    await a.tell({ launch: onSkypilot(id) })
    await shared.until(id, active)
    expect(await ownerOf(id)).toBe('a')
  }
  // By one that does not run it.
  await launched('node-1')
  expect((await endOf('node-1', b)).filter(ended)).toMatchObject([{ message: TERMINATED }])

  // While its owner is stopped, which must not end it a second time.
  await launched('node-2')
  await shared.freeze(a)
  expect((await endOf('node-2', b)).filter(ended)).toMatchObject([{ message: TERMINATED }])
  a.wake()
  await waitFor(async () => (await a.tell({ isRunning: 'node-2' })) === false || undefined)

  // While nobody runs it.
  await launched('node-3')
  await a.kill()
  expect((await endOf('node-3', b)).filter(ended)).toMatchObject([{ message: TERMINATED }])

  expect(api.clusters.size).toBe(0)
  for (const id of ['node-1', 'node-2', 'node-3']) {
    expect((await shared.list(id)).filter(ended)).toHaveLength(1)
  }
})

test('one node is launched once, whoever is asked', async () => {
  const { a, b } = await owners(['a', 'b'], { lease: 600 })
  const results = await Promise.allSettled(
    [a, b, a, b].map((one) => one.tell({ launch: onSkypilot('same') })),
  )
  expect(results.map(({ status }) => status).sort()).toEqual([
    ...['fulfilled', 'rejected', 'rejected', 'rejected'],
  ])
  for (const result of results) {
    if (result.status === 'rejected') expect(String(result.reason)).toContain('is being launched')
  }
  await shared.until('same', active)
  expect(api.launched.filter((name) => name.endsWith('same'))).toHaveLength(1)
  await endOf('same', b)
})
