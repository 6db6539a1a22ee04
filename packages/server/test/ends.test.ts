import { randomUUID } from 'node:crypto'
import type { Draft, NodeRecord } from '@launchtail/client/protocol'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { createEnds } from '../src/nodes/ends/ends.js'
import { startLostMonitor } from '../src/nodes/ends/lost-monitor.js'
import { createSigns } from '../src/nodes/ends/signs.js'
import { createSentIn } from '../src/nodes/sent-in.js'
import { isStallNotice } from '../src/nodes/stall.js'
import { removeFolder, startLaunching, task, temporaryFolder } from './support/launching.js'
import { endAll, type RunningRedis, startRedis } from './support/processes.js'

const SECOND = 1000
const MINUTE = 60 * SECOND
const STORES = ['SQLite', 'Redis'] as const

let redis: RunningRedis

beforeAll(async () => {
  redis = await startRedis()
})
afterAll(endAll)

/** A server whose clock only the test moves. A second one in the same folder succeeds it. */
async function startServer(on: (typeof STORES)[number], folder: string) {
  const server = await startLaunching({ folder, ...(on === 'Redis' && { redisUrl: redis.url }) })
  const { database, registry, store, appender, orchestrator } = server
  const sentIn = createSentIn(database)
  const signs = createSigns()
  const ends = createEnds({ registry, store, appender, launches: orchestrator })
  let now = 0
  const faults: unknown[] = []
  const monitor = startLostMonitor({
    ...{ sentIn, signs, ends, store, every: 5 * SECOND, clock: () => now },
    onFault: (message, error) => faults.push(message, error),
  })
  return { ...server, ends, signs, sentIn, pass, create, say, stop, node }

  /** Lets time pass, with the rounds that come meanwhile. */
  async function pass(ms: number, { rounds = Math.ceil(ms / (5 * SECOND)) } = {}): Promise<void> {
    for (let left = rounds; left > 0; left -= 1) {
      now += ms / rounds
      await registry.flush()
      await monitor.check()
    }
  }

  async function create(lostAfter?: number): Promise<string> {
    const nodeId = randomUUID()
    const alongside = (transaction: Parameters<typeof sentIn.add>[2]) =>
      sentIn.add(nodeId, { lostAfter }, transaction)
    await registry.create({ nodeId, about: {}, alongside })
    await say(nodeId, { message: 'Launching', phase: 'provisioning', progress: 20 })
    await registry.flush()
    await monitor.check()
    return nodeId
  }

  async function say(nodeId: string, draft: Draft): Promise<void> {
    await appender.append(nodeId, [draft])
  }

  async function node(nodeId: string): Promise<NodeRecord> {
    return (await registry.get(nodeId)) as NodeRecord
  }

  async function stop(): Promise<void> {
    await monitor.stop()
    await server.stop()
    expect(faults).toEqual([])
  }
}

function newFolder(): string {
  const folder = temporaryFolder()
  onTestFinished(() => removeFolder(folder))
  return folder
}

describe.each(STORES)('a launch that is sent in, its log in %s', (on) => {
  let folder: string
  let server: Awaited<ReturnType<typeof startServer>>

  beforeEach(async () => {
    folder = newFolder()
    server = await startServer(on, folder)
    return () => server.stop()
  })

  async function restart(): Promise<void> {
    await server.stop()
    server = await startServer(on, folder)
  }

  it('is lost when nothing has been sent for as long as its node allows', async () => {
    const nodeId = await server.create(10 * MINUTE)
    await server.pass(10 * MINUTE)
    expect(await server.node(nodeId)).toMatchObject({ status: 'launching' })
    await server.pass(5 * SECOND)
    const { status, phase, failure } = await server.node(nodeId)
    expect({ status, phase }).toEqual({ status: 'failed', phase: 'failed' })
    expect(failure).toMatchObject({
      code: 'lost',
      phase: 'provisioning',
      message: 'Nothing has been sent for 10m5s; how the launch ended is not known',
      advice: expect.stringContaining('launchtail mark'),
      evidence: [{ index: 1 }],
    })
    expect(failure?.details).not.toContain('cause: ')
    const last = (await server.list(nodeId)).at(-1)
    expect(last).toMatchObject({ level: 'error', phase: 'failed', message: failure?.message })
    await server.pass(MINUTE)
    expect(await server.list(nodeId)).toHaveLength(2)
  })

  it('is never lost where its node does not say so', async () => {
    const nodeId = await server.create()
    await server.pass(24 * 60 * MINUTE, { rounds: 500 })
    expect(await server.node(nodeId)).toMatchObject({ status: 'launching' })
  })

  it('goes on by an entry, a beat or an open body', async () => {
    const nodeId = await server.create(MINUTE)
    for (let minute = 0; minute < 3; minute += 1) {
      await server.pass(50 * SECOND)
      await server.say(nodeId, { message: `line ${minute}` })
      await server.pass(50 * SECOND)
      server.signs.heard(nodeId)
    }
    const closed = server.signs.opened(nodeId)
    await server.pass(5 * MINUTE)
    closed()
    await server.pass(MINUTE)
    expect(await server.node(nodeId)).toMatchObject({ status: 'launching' })
    await server.pass(10 * SECOND)
    expect(await server.node(nodeId)).toMatchObject({ failure: { code: 'lost' } })
  })

  it('does not go on by what the server itself writes about its silence', async () => {
    const nodeId = await server.create(MINUTE)
    await server.pass(50 * SECOND)
    const message = 'No output for 50s in provisioning, which is longer than expected there'
    expect(isStallNotice({ level: 'warn', message })).toBe(true)
    await server.say(nodeId, { level: 'warn', message })
    await server.pass(15 * SECOND)
    expect(await server.node(nodeId)).toMatchObject({ failure: { code: 'lost' } })
  })

  it('keeps its silence over a restart, and the time of the restart is none', async () => {
    const nodeId = await server.create(10 * MINUTE)
    await server.pass(8 * MINUTE)
    await restart()
    await server.pass(MINUTE)
    expect(await server.node(nodeId)).toMatchObject({ status: 'launching' })
    await server.pass(90 * SECOND)
    expect(await server.node(nodeId)).toMatchObject({ failure: { code: 'lost' } })
  })

  it('is not lost while the server itself was suspended', async () => {
    const nodeId = await server.create(10 * MINUTE)
    await server.pass(60 * MINUTE, { rounds: 1 })
    expect(await server.node(nodeId)).toMatchObject({ status: 'launching' })
  })

  it('is lost by the word of its beats, as long as that launch goes on', async () => {
    const nodeId = await server.create()
    await server.sentIn.beat(nodeId, MINUTE)
    await server.pass(2 * MINUTE)
    expect(await server.node(nodeId)).toMatchObject({ failure: { code: 'lost' } })
    await server.say(nodeId, { message: 'Launching anew', phase: 'queued' })
    await server.pass(60 * MINUTE)
    expect(await server.node(nodeId)).toMatchObject({ status: 'launching' })
  })

  it('begins a launch anew without the silence of the one before', async () => {
    const nodeId = await server.create(10 * MINUTE)
    await server.pass(9 * MINUTE)
    await server.ends.set(nodeId, { status: 'failed' })
    await server.pass(5 * SECOND)
    await restart()
    await server.say(nodeId, { message: 'Launching anew', phase: 'queued', progress: 0 })
    await server.pass(9 * MINUTE)
    expect(await server.node(nodeId)).toMatchObject({ status: 'launching' })
  })

  it('goes on where it was if it is heard from after all', async () => {
    const nodeId = await server.create(MINUTE)
    await server.pass(2 * MINUTE)
    expect(await server.ends.revive(nodeId)).toBe(true)
    expect(await server.node(nodeId)).toMatchObject({ status: 'launching', phase: 'provisioning' })
    expect(await server.ends.revive(nodeId)).toBe(false)
  })

  it('fails for its own reason if that is known after all', async () => {
    const nodeId = await server.create(MINUTE)
    await server.say(nodeId, { level: 'error', message: 'RuntimeError: CUDA out of memory.' })
    await server.pass(2 * MINUTE)
    expect(await server.node(nodeId)).toMatchObject({ failure: { code: 'lost' } })
    const end = { status: 'failed', message: 'the command ended with exit code 7' } as const
    const { failure } = await server.ends.set(nodeId, end)
    expect(failure).toMatchObject({ code: 'gpu_out_of_memory', phase: 'provisioning' })
    expect(failure?.details).toContain(end.message)
  })

  it('is not lost once it is active, nor ended twice', async () => {
    const nodeId = await server.create(MINUTE)
    await server.ends.set(nodeId, { status: 'active', endpoint: 'http://10.0.0.1:8000' })
    await server.pass(10 * MINUTE)
    const { status, endpoint } = await server.node(nodeId)
    expect({ status, endpoint }).toEqual({ status: 'active', endpoint: 'http://10.0.0.1:8000' })
  })
})

it('never loses a launch of this server', async () => {
  const server = await startServer('SQLite', newFolder())
  onTestFinished(() => server.stop())
  const nodeId = await server.create(MINUTE)
  const run = 'echo waiting; read -r never'
  const request = { node_id: nodeId, provider: 'local', region: 'local', gpu: 'cpu' }
  await server.orchestrator.launch({ ...request, task: task({ run }) })
  await server.until(nodeId, ({ message }) => message === 'waiting')
  await server.pass(60 * MINUTE)
  expect(await server.node(nodeId)).toMatchObject({ status: 'launching' })
  await expect(server.ends.set(nodeId, { status: 'failed' })).rejects.toThrow(/by this server/)
  await server.orchestrator.terminate(nodeId)
  await server.until(nodeId, ({ phase }) => phase === 'failed')
})
