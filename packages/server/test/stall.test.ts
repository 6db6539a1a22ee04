import { randomUUID } from 'node:crypto'
import { type Draft, PHASES, type Phase, type PhaseTiming } from '@launchtail/client/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ENOUGH, etaSeconds, percentile } from '../src/nodes/past.js'
import { isStallNotice, limitOf, SILENCE, stallNotice } from '../src/nodes/stall.js'
import { startStallMonitor } from '../src/nodes/stall-monitor.js'
import { removeFolder, startLaunching, temporaryFolder, waitFor } from './support/launching.js'
import { endAll } from './support/processes.js'

const SECOND = 1000
const MINUTE = 60 * SECOND

describe('how long nothing may come', () => {
  it('is three times what the phase takes at most, by five launches or more', () => {
    const five = [1, 2, 3, 4, 5].map((minutes) => minutes * MINUTE)
    expect(limitOf('model_loading', [{ model_loading: five }])).toEqual({
      silence: 15 * MINUTE,
      usual: 5 * MINUTE,
    })
    const four = { model_loading: five.slice(1) }
    expect(limitOf('model_loading', [four])).toEqual({ silence: SILENCE.model_loading })
  })

  it('is by the launches most like it of which there are enough', () => {
    const few = { installing: [MINUTE] }
    const many = { installing: Array.from({ length: ENOUGH }, () => 2 * MINUTE) }
    const others = { installing: Array.from({ length: 99 }, () => 9 * MINUTE) }
    expect(limitOf('installing', [few, many, others])?.usual).toBe(2 * MINUTE)
  })

  it('is a minute at least', () => {
    expect(limitOf('queued', [{ queued: [1, 1, 1, 1, 1] }])?.silence).toBe(MINUTE)
  })

  it('is fixed for each phase of a launch without a past, and for no other', () => {
    const fixed = PHASES.filter((phase) => limitOf(phase, []) !== undefined)
    expect(fixed).toEqual(PHASES.filter((phase) => phase !== 'active' && phase !== 'failed'))
  })

  it('is told in a sentence that is known again, and only as a warning', () => {
    const usual = stallNotice('model_loading', 12 * MINUTE, { silence: 1, usual: 3 * MINUTE })
    expect(usual).toBe(
      'No output for 12m in model_loading; launches like this usually take up to 3m there',
    )
    const fixed = stallNotice('queued', 10 * MINUTE, { silence: 1 })
    for (const message of [usual, fixed]) {
      expect(isStallNotice({ level: 'warn', message })).toBe(true)
      expect(isStallNotice({ level: 'info', message })).toBe(false)
    }
    expect(isStallNotice({ level: 'warn', message: 'No output for a while' })).toBe(false)
  })

  it.each([
    [4499, '4s'],
    [150 * SECOND, '2m30s'],
    [180 * SECOND, '3m'],
    [65 * MINUTE + 20 * SECOND, '1h5m'],
  ])('writes %d ms as %s', (ms, text) => {
    expect(stallNotice('queued', ms, { silence: 1 })).toContain(`No output for ${text} in queued`)
  })

  it('takes the number that so many percent do not exceed', () => {
    const hundred = Array.from({ length: 100 }, (_, i) => i + 1)
    expect([50, 95, 100].map((percent) => percentile(hundred, percent))).toEqual([50, 95, 100])
    expect(percentile([7], 95)).toBe(7)
  })
})

describe('what remains', () => {
  const past = [
    {
      provisioning: [100, 110, 120, 130, 140].map((s) => s * SECOND),
      model_loading: [60, 60, 60, 60, 60].map((s) => s * SECOND),
      health_check: [10, 10, 10, 10, 10].map((s) => s * SECOND),
      // Before it, and thus over.
      queued: [5, 5, 5, 5, 5].map((s) => s * SECOND),
    },
  ]

  it('is the rest of this phase and the whole of those to come', () => {
    expect(etaSeconds('provisioning', 0, past)).toBe(120 + 60 + 10)
    expect(etaSeconds('model_loading', 20 * SECOND, past)).toBe(40 + 10)
  })

  it('goes by those that took longer yet, and by the phases to come when none did', () => {
    expect(etaSeconds('provisioning', 125 * SECOND, past)).toBe(5 + 70)
    expect(etaSeconds('provisioning', 999 * SECOND, past)).toBe(70)
  })

  it('is not told of fewer than five', () => {
    expect(etaSeconds('provisioning', 0, [{ provisioning: [1, 1, 1, 1] }])).toBeUndefined()
    expect(etaSeconds('installing', 0, past)).toBeUndefined()
  })

  it('does not wait for a phase that few went through', () => {
    const many = Array.from({ length: 40 }, () => 100 * SECOND)
    const few = Array.from({ length: 6 }, () => 9000 * SECOND)
    expect(etaSeconds('queued', 0, [{ queued: many, installing: few }])).toBe(100)
  })
})

describe('a server', () => {
  let folder: string
  let server: Awaited<ReturnType<typeof startLaunching>>
  let time: number
  const faults: unknown[] = []

  beforeEach(async () => {
    folder = temporaryFolder()
    server = await startLaunching({ folder })
    time = 0
    faults.length = 0
  })
  afterEach(async () => {
    await server.stop()
    await endAll()
    removeFolder(folder)
    expect(faults).toEqual([])
  })

  function stallMonitor() {
    const { registry, store, appender } = server
    const onFault = (...fault: unknown[]) => faults.push(fault)
    const every = 3_600_000
    const watching = startStallMonitor({
      registry,
      store,
      appender,
      onFault,
      every,
      clock: () => time,
    })
    return {
      async after(ms: number) {
        time += ms
        await registry.flush()
        await watching.check()
      },
      stop: watching.stop,
    }
  }

  const KIND = { provider: 'aws', gpu: 'A10G', model: 'm' }

  async function node(about: object = KIND): Promise<string> {
    const nodeId = randomUUID()
    await server.registry.create({ nodeId, about })
    return nodeId
  }

  const say = (nodeId: string, ...drafts: Draft[]) => server.appender.append(nodeId, drafts)

  /** A launch that was in each phase for so many seconds. */
  async function past(seconds: Partial<Record<Phase, number>>, about: object = KIND) {
    const nodeId = await node(about)
    let begun = Date.now() - 100_000 * SECOND
    const at = () => new Date(begun).toISOString()
    for (const phase of PHASES) {
      const took = seconds[phase]
      if (took === undefined) continue
      await say(nodeId, { message: phase, phase, timestamp: at() })
      begun += took * SECOND
    }
    await say(nodeId, { message: 'ready', phase: 'active', timestamp: at() })
    return nodeId
  }

  const warnings = async (nodeId: string) =>
    (await server.list(nodeId)).filter(isStallNotice).map(({ message }) => message)
  const record = (nodeId: string) => server.registry.get(nodeId)

  it('says once that nothing comes, and takes it back with the next line', async () => {
    const nodeId = await node()
    await say(nodeId, { message: 'loading', phase: 'model_loading', progress: 71 })
    const watching = stallMonitor()
    await watching.after(0)
    await watching.after(29 * MINUTE)
    expect(await warnings(nodeId)).toEqual([])
    await watching.after(2 * MINUTE)
    expect(await warnings(nodeId)).toEqual([
      'No output for 31m in model_loading, which is longer than expected there',
    ])
    expect(await record(nodeId)).toMatchObject({ stalled: true, phase: 'model_loading' })
    for (let i = 0; i < 5; i += 1) await watching.after(60 * MINUTE)
    expect(await warnings(nodeId)).toHaveLength(1)

    await say(nodeId, { message: 'still loading' })
    expect((await record(nodeId))?.stalled).toBeUndefined()
    await watching.after(MINUTE)
    await watching.after(29 * MINUTE)
    expect(await warnings(nodeId)).toHaveLength(1)
    await watching.after(2 * MINUTE)
    expect(await warnings(nodeId)).toHaveLength(2)
    await watching.stop()
  })

  it('goes by what launches like it took', async () => {
    for (let i = 0; i < ENOUGH; i += 1) await past({ queued: 1, model_loading: 180 })
    const nodeId = await node()
    await say(nodeId, { message: 'loading', phase: 'model_loading' })
    const watching = stallMonitor()
    await watching.after(0)
    await watching.after(8 * MINUTE)
    expect(await warnings(nodeId)).toEqual([])
    await watching.after(4 * MINUTE)
    expect(await warnings(nodeId)).toEqual([
      'No output for 12m in model_loading; launches like this usually take up to 3m there',
    ])
    await watching.stop()
  })

  it('does not say it again after a restart', async () => {
    const nodeId = await node()
    await say(nodeId, { message: 'loading', phase: 'model_loading' })
    let watching = stallMonitor()
    await watching.after(0)
    await watching.after(31 * MINUTE)
    await watching.stop()
    await server.stop()

    server = await startLaunching({ folder })
    watching = stallMonitor()
    expect((await record(nodeId))?.stalled).toBe(true)
    await watching.after(0)
    await watching.after(100 * MINUTE)
    expect(await warnings(nodeId)).toHaveLength(1)
    await watching.stop()
  })

  it('says it once where two servers watch the same launch', async () => {
    const nodeId = await node()
    await say(nodeId, { message: 'loading', phase: 'model_loading' })
    const [one, other] = [stallMonitor(), stallMonitor()]
    await one.after(0)
    await other.after(31 * MINUTE)
    await other.after(0)
    time += 31 * MINUTE
    await Promise.all([one.after(0), other.after(0)])
    expect(await warnings(nodeId)).toHaveLength(1)
    await Promise.all([one.stop(), other.stop()])
  })

  it('warns of a node that has never said anything, once', async () => {
    const nodeId = await node()
    const watching = stallMonitor()
    await watching.after(0)
    await watching.after(9 * MINUTE)
    expect(await warnings(nodeId)).toEqual([])
    await watching.after(2 * MINUTE)
    await watching.after(60 * MINUTE)
    expect(await warnings(nodeId)).toHaveLength(1)
    expect(await record(nodeId)).toMatchObject({ stalled: true, phase: 'queued' })
    await say(nodeId, { message: 'at last', phase: 'queued' })
    expect((await record(nodeId))?.stalled).toBeUndefined()
    await watching.stop()
  })

  it('says nothing of launches that are over', async () => {
    const active = await past({ queued: 1 })
    const failed = await node()
    await say(failed, { message: 'queued', phase: 'queued' }, { message: 'no', phase: 'failed' })
    const watching = stallMonitor()
    await watching.after(0)
    await watching.after(1000 * MINUTE)
    for (const nodeId of [active, failed]) expect(await warnings(nodeId)).toEqual([])
    await watching.stop()
  })

  it('does not take its own words for the cause of a failure', async () => {
    const nodeId = await node()
    await say(nodeId, { message: 'loading', phase: 'model_loading' })
    const watching = stallMonitor()
    await watching.after(0)
    await watching.after(31 * MINUTE)
    await say(nodeId, { message: 'gave up', phase: 'failed', level: 'error' })
    expect(await record(nodeId)).toMatchObject({ failure: { code: 'unknown', message: 'gave up' } })
    expect((await record(nodeId))?.stalled).toBeUndefined()
    await watching.stop()
  })

  it('tells how long a launch may still take once five like it were launched', async () => {
    const eta = async (about: object) => {
      const nodeId = await node(about)
      await say(nodeId, { message: 'on it', phase: 'provisioning' })
      return (await record(nodeId))?.eta_seconds
    }
    for (let i = 0; i < 4; i += 1) await past({ provisioning: 100, model_loading: 50 })
    expect(await eta(KIND)).toBeUndefined()
    await past({ provisioning: 100, model_loading: 50 })
    // What is known of the past is looked at anew now and then.
    const known = await waitFor(() => eta(KIND))
    expect(known).toBeGreaterThan(145)
    expect(known).toBeLessThanOrEqual(150)
    // Of fewer of what makes launches alike, and of none.
    expect(await eta({ ...KIND, model: 'other' })).toBe(known)
    expect(await eta({ provider: 'aws', gpu: 'H100' })).toBe(known)
    expect(await eta({ ...KIND, provider: 'gcp' })).toBeUndefined()
    expect(await eta({})).toBeUndefined()
    const over = await past({ provisioning: 100 })
    expect((await record(over))?.eta_seconds).toBeUndefined()
    const { nodes } = await server.registry.list({ limit: 100 })
    expect(nodes.filter((one) => one.eta_seconds !== undefined).length).toBeGreaterThan(2)
  })

  it('keeps the past of a node that is launched anew or removed, each phase once', async () => {
    const nodeId = await past({ queued: 3, installing: 60 })
    await say(nodeId, { message: 'again', phase: 'queued' })
    await say(nodeId, { message: 'on', phase: 'installing' }, { message: 'no', phase: 'failed' })
    await server.registry.flush()
    await server.registry.remove(nodeId)
    // Its list is there yet, so its record is made again, and with it what it took.
    await server.registry.find(nodeId)
    const rows = await server.database.selectFrom('phase_history').selectAll().execute()
    expect(rows.map(({ phase }) => phase).sort()).toEqual(['installing', 'queued', 'queued'])
    expect(rows.map(({ duration_ms }) => duration_ms)).toContain(60 * SECOND)
  })

  it('names the cause of a local launch that failed, also to a server that saw nothing of it', async () => {
    const run = `echo 'vLLM API server version 9'
echo 'RuntimeError: CUDA out of memory. Tried to allocate 2 GiB.'
echo 'RuntimeError: Engine core initialization failed. See root cause above.'
exit 1`
    const request = {
      provider: 'local',
      region: 'local',
      gpu: 'cpu',
      task: JSON.stringify({ run }),
    }
    const { node_id: nodeId } = await server.orchestrator.launch(request)
    await server.until(nodeId, ({ message }) => message.includes('See root cause'))
    await server.stop()
    server = await startLaunching({ folder })
    await server.orchestrator.resume()
    const entries = await server.until(nodeId, ({ phase }) => phase === 'failed')
    const message = 'RuntimeError: CUDA out of memory. Tried to allocate 2 GiB.'
    const last = entries.at(-1)
    expect(last).toMatchObject({ level: 'error', phase: 'failed', message })
    expect(last?.details).toContain('too little memory')
    expect(last?.details).toContain('exit code 1')
    const { failure, phases } = (await record(nodeId)) ?? {}
    expect(failure).toMatchObject({ code: 'gpu_out_of_memory', phase: 'model_loading', message })
    expect(failure?.details).toBe(last?.details)
    expect(failure?.advice).toContain('GPU')
    const names = phases?.map(({ phase }: PhaseTiming) => phase)
    expect(names?.slice(-2)).toEqual(['model_loading', 'failed'])
  })
})
