import type { Failure, NodeRecord, Stats } from '@launchtail/client/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newNode } from './support/nodes.js'
import {
  endAll,
  type RunningServer,
  redisCli,
  startRedis,
  startServer,
  temporaryFolder,
  until,
} from './support/processes.js'
import { openStream } from './support/stream.js'

const MEMORY = 'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB.'
const DISK = 'OSError: [Errno 28] No space left on device'
const ODD = 'the flux capacitor is not charged'

let server: RunningServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(endAll)

function name(id: string, cause: object, at = server): Promise<Response> {
  return at.fetch(`/admin/nodes/${id}/failure`, {
    method: 'PUT',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(cause),
  })
}

function takeBack(id: string, at = server): Promise<Response> {
  return at.fetch(`/admin/nodes/${id}/failure`, { method: 'DELETE' })
}

async function record(id: string, at = server): Promise<NodeRecord> {
  return (await (await at.fetch(`/admin/nodes/${id}`)).json()) as NodeRecord
}

async function failureIn(answer: Response): Promise<Failure | undefined> {
  expect(answer.status).toBe(200)
  return ((await answer.json()) as NodeRecord).failure
}

async function refusal(answer: Response): Promise<[number, string]> {
  const { error } = (await answer.json()) as { error: { message: string } }
  return [answer.status, error.message]
}

/** A node whose launch fails with these lines; a last entry follows them. */
async function failed(at = server, lines = [MEMORY, ODD, DISK]): Promise<string> {
  const id = await newNode(at)
  await send(id, lines, at)
  return id
}

async function send(id: string, lines: string[], at = server): Promise<void> {
  const entries = lines.map((message) => ({ message, level: 'error', phase: 'model_loading' }))
  const last = { message: 'it gave up', level: 'error', phase: 'failed' }
  expect((await at.post(`/admin/nodes/${id}/logs`, [...entries, last])).status).toBe(202)
}

describe('naming the line that made a launch fail', () => {
  it('puts it in place of what was read, and takes it back', async () => {
    const id = await failed()
    const read = (await record(id)).failure
    expect(read).toMatchObject({ code: 'gpu_out_of_memory', message: MEMORY })
    const named = await failureIn(await name(id, { index: 2 }))
    expect(named).toEqual({
      code: 'disk_full',
      phase: 'model_loading',
      message: DISK,
      advice: expect.stringContaining('disk_size'),
      details: 'it gave up',
      evidence: [{ index: 2, message: DISK }],
      corrected: true,
    })
    expect((await record(id)).failure).toEqual(named)
    expect(await failureIn(await takeBack(id))).toEqual(read)
    // Twice is as good as once.
    expect(await failureIn(await takeBack(id))).toEqual(read)
  })

  it('is unknown where no table knows the line, and whatever the person says', async () => {
    const id = await failed()
    expect(await failureIn(await name(id, { index: 1 }))).toMatchObject({
      code: 'unknown',
      message: ODD,
      corrected: true,
    })
    const said = await failureIn(await name(id, { index: 1, code: 'gpu_fault' }))
    expect(said).toMatchObject({ code: 'gpu_fault', message: ODD })
    expect(said?.advice).toMatch(/NCCL_DEBUG/)
    expect(await failureIn(await name(id, { index: 2, code: 'unknown' }))).toMatchObject({
      code: 'unknown',
      message: DISK,
    })
  })

  it('reads the last word as one, and a warning like any line', async () => {
    const id = await newNode(server)
    await server.post(`/admin/nodes/${id}/logs`, [
      { message: 'CUDA out of memory is near', level: 'warn', phase: 'model_loading' },
      { message: 'not ready within 30m', level: 'error', phase: 'failed' },
      { message: 'last words', phase: 'failed' },
    ])
    const codes = []
    for (const index of [0, 1, 2]) {
      codes.push((await failureIn(await name(id, { index })))?.code)
    }
    expect(codes).toEqual(['gpu_out_of_memory', 'launch_timeout', 'unknown'])
  })

  it('quotes at most 300 characters', async () => {
    const id = await failed(server, [`it broke ${'x'.repeat(1000)}`])
    const { message, evidence } = (await failureIn(await name(id, { index: 0 }))) ?? {}
    expect(message).toHaveLength(300)
    expect(evidence).toEqual([{ index: 0, message }])
  })

  it('refuses what it cannot be', async () => {
    const id = await failed()
    const cases: [body: object, status: number, words: RegExp][] = [
      [{}, 400, /^'index' is required$/],
      [{ index: -1 }, 400, /^'index' must be at least 0$/],
      [{ index: 1.5 }, 400, /'index'/],
      [{ index: '1' }, 400, /'index'/],
      [{ index: 1e300 }, 400, /'index'/],
      [{ index: 1, code: 'disk_ful' }, 400, /did you mean 'disk_full'/],
      [{ index: 1, code: 'toString' }, 400, /none of the causes/],
      [{ index: 1, code: 'x'.repeat(1e4) }, 400, /'code' must have at most 64 characters/],
      [{ index: 1, line: 2 }, 400, /no field 'line'/],
      [{ index: 4 }, 404, /^there is no entry 4$/],
      [{ index: Number.MAX_SAFE_INTEGER }, 404, /^there is no entry 9007199254740991$/],
    ]
    for (const [body, status, words] of cases) {
      const told = await refusal(await name(id, body))
      expect([body, ...told]).toEqual([body, status, expect.stringMatching(words)])
    }
    expect(await refusal(await name('nobody', { index: 0 }))).toEqual([404, 'node not found'])
    expect(await refusal(await takeBack('nobody'))).toEqual([404, 'node not found'])
    expect((await record(id)).failure?.corrected).toBeUndefined()
  })

  it('is for launches that have failed alone', async () => {
    const id = await newNode(server)
    for (const phase of ['queued', 'active']) {
      await server.post(`/admin/nodes/${id}/logs`, { message: 'x', phase })
      for (const answer of [await name(id, { index: 0 }), await takeBack(id)]) {
        expect(await refusal(answer)).toEqual([
          404,
          'the newest launch of this node has not failed',
        ])
      }
    }
  })

  it('is over with the launch, and the next one has lines of its own', async () => {
    const id = await failed()
    await name(id, { index: 2 })
    await server.post(`/admin/nodes/${id}/logs`, { message: 'again', phase: 'queued' })
    expect((await record(id)).failure).toBeUndefined()
    expect((await name(id, { index: 2 })).status).toBe(404)
    await send(id, [MEMORY, ODD])
    const { failure } = await record(id)
    expect(failure).toMatchObject({ code: 'gpu_out_of_memory', evidence: [{ index: 5 }] })
    expect(failure?.corrected).toBeUndefined()
    expect(await refusal(await name(id, { index: 2 }))).toEqual([
      404,
      'entry 2 belongs to an earlier launch',
    ])
    expect(await failureIn(await name(id, { index: 6 }))).toMatchObject({ message: ODD })
  })

  it('stays with last words that come later, and goes when the node is terminated', async () => {
    const id = await failed()
    await name(id, { index: 1 })
    await server.post(`/admin/nodes/${id}/logs`, { message: 'bye', phase: 'failed' })
    expect((await record(id)).failure).toMatchObject({ message: ODD, corrected: true })
    await server.post(`/admin/nodes/${id}/logs`, { message: 'Node terminated', phase: 'failed' })
    expect(await record(id)).toMatchObject({ status: 'terminated' })
    expect((await takeBack(id)).status).toBe(404)
  })

  it('by two people at once leaves the one or the other, whole', async () => {
    const id = await failed()
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => name(id, { index: i % 2 === 0 ? 1 : 2 })),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    const { failure } = await record(id)
    const pairs = [
      [ODD, 'unknown'],
      [DISK, 'disk_full'],
    ]
    expect(pairs).toContainEqual([failure?.message, failure?.code])
  })

  it('survives a crash of the server, and the end of the log', async () => {
    const dataDir = await temporaryFolder()
    let own = await startServer({ dataDir, env: { LAUNCHTAIL_RETENTION: '2s' } })
    const id = await failed(own)
    const read = (await record(id, own)).failure
    const named = await failureIn(await name(id, { index: 1, code: 'gpu_fault' }, own))
    await own.kill()
    own = await startServer({ dataDir, env: { LAUNCHTAIL_RETENTION: '2s' } })
    expect((await record(id, own)).failure).toEqual(named)
    await until('the log to expire', async () => {
      const answer = await own.fetch(`/admin/nodes/${id}/logs`)
      return answer.headers.get('log-expired') === 'true'
    })
    expect(await refusal(await name(id, { index: 2 }, own))).toEqual([
      404,
      'the log of this node is no longer kept',
    ])
    expect((await record(id, own)).failure).toEqual(named)
    expect(await failureIn(await takeBack(id, own))).toEqual(read)
  })

  it('is told to everybody who watches the fleet', async () => {
    const id = await failed()
    const stream = await openStream(`${server.url}/admin/nodes/stream`, {
      'X-Admin-Token': server.token,
    })
    const says = (message: string) =>
      stream.event(message, ({ event, data }) => {
        const { node_id, failure } = data as Partial<NodeRecord>
        return event === 'node' && node_id === id && failure?.message === message
      })
    await says(MEMORY)
    await name(id, { index: 2 })
    await says(DISK)
  })

  it('counts in the statistics of launches', async () => {
    const own = await startServer()
    const id = await failed(own)
    const causes = async () => {
      const answer = await own.fetch('/admin/stats')
      return ((await answer.json()) as Stats).total.causes
    }
    expect(await causes()).toMatchObject([{ code: 'gpu_out_of_memory', count: 1 }])
    await name(id, { index: 2 }, own)
    expect(await causes()).toMatchObject([{ code: 'disk_full', count: 1 }])
    await takeBack(id, own)
    expect(await causes()).toMatchObject([{ code: 'gpu_out_of_memory', count: 1 }])
  })
})

describe('on a Redis that others write to', () => {
  it('a secret in the line is masked, and only the node’s own server takes it', async () => {
    const redis = await startRedis()
    const env = { REDIS_URL: redis.url, LAUNCHTAIL_LOG_LEVEL: 'error' }
    const [own, other] = await Promise.all([startServer({ env }), startServer({ env })])
    const id = await newNode(own)
    const secret = 'hf_AbCdEfGhIjKlMnOpQrStUvWxYz01234567'
    const at = new Date().toISOString()
    for (const entry of [
      { timestamp: at, level: 'error', message: `login with ${secret}`, phase: 'installing' },
      { timestamp: at, level: 'error', message: 'it gave up', phase: 'failed' },
    ]) {
      await redisCli(redis.port, ['RPUSH', `node_logs:${id}`, JSON.stringify(entry)])
    }
    // At once: nothing has told the server of the end yet.
    const named = await failureIn(await name(id, { index: 0 }, own))
    expect(named).toMatchObject({ message: 'login with ***', corrected: true })
    for (const answer of [await name(id, { index: 0 }, other), await takeBack(id, other)]) {
      expect(await refusal(answer)).toEqual([409, expect.stringContaining(own.url)])
    }
  })
})
