import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { freePort } from '../src/launch/local/port.js'
import { startLaunching, task } from './support/launching.js'
import { startShared } from './support/owners.js'
import { type RunningServer, startServer, temporaryFolder, until } from './support/processes.js'
import { seededRandom } from './support/seed.js'

const KILLS = Number(process.env.LAUNCHTAIL_TEST_KILLS ?? 25)
const random = seededRandom('launch kills')
/** Launches that are requested at once before each kill. */
const AT_ONCE = 3

const REQUEST = { provider: 'local', region: 'local', gpu: 'cpu', task: task({ run: 'true' }) }

interface Wanted {
  readonly key: string
  readonly body: Record<string, unknown>
}

describe('a launch with an Idempotency-Key', () => {
  it(`takes place once when the server is killed ${KILLS} times while it is requested`, {
    timeout: 60_000 + KILLS * 5000,
  }, async () => {
    const dataDir = await temporaryFolder()
    const starts = join(await temporaryFolder(), 'starts')
    const port = await freePort()
    const env = { LAUNCHTAIL_LOG_LEVEL: 'error' }
    const all: Wanted[] = []
    const answers = new Map<string, string>()
    let server = await startServer({ dataDir, port, env })
    let cut = 0
    for (let kill = 0; kill < KILLS; kill += 1) {
      const wanted = Array.from({ length: AT_ONCE }, () => wantedLaunch(starts))
      all.push(...wanted)
      const asking = wanted.map((one) => ask(server, one).catch(() => undefined))
      await sleep(random() * 40)
      await server.kill()
      for (const answer of await Promise.all(asking)) if (answer === undefined) cut += 1
      server = await startServer({ dataDir, port, env })
      for (const one of wanted) await ask(server, one)
    }
    expect(cut).toBeGreaterThan(0)
    // Every launch has run once, and no node is left of a request that was cut.
    const keys = all.map(({ key }) => key).sort()
    await until('every launch to start', async () => (await started()).length >= keys.length)
    expect((await started()).sort()).toEqual(keys)
    await until('every launch to end', async () => (await nodes('queued')).length === 0)
    expect(await nodes()).toEqual([...answers.values()].sort())
    expect((await started()).sort()).toEqual(keys)

    /** The id of the node that is promised; the same one each time. */
    async function ask(to: RunningServer, { key, body }: Wanted): Promise<string> {
      const answer = await to.fetch('/admin/nodes/launch', {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'Content-Type': 'application/json', 'Idempotency-Key': key },
        signal: AbortSignal.timeout(10_000),
      })
      expect([answer.status, key]).toEqual([202, key])
      const { node_id } = (await answer.json()) as { node_id: string }
      expect(node_id).toBe(answers.get(key) ?? node_id)
      answers.set(key, node_id)
      return node_id
    }

    async function started(): Promise<string[]> {
      return (await readFile(starts, 'utf8').catch(() => '')).split('\n').filter(Boolean)
    }

    async function nodes(phase = ''): Promise<string[]> {
      const ids: string[] = []
      for (let cursor: string | undefined = ''; cursor !== undefined; ) {
        const query = new URLSearchParams({ limit: '1000', ...(phase && { phase }) })
        if (cursor) query.set('cursor', cursor)
        const page = (await (await server.fetch(`/admin/nodes?${query}`)).json()) as {
          nodes: { node_id: string }[]
          cursor?: string
        }
        ids.push(...page.nodes.map(({ node_id }) => node_id))
        cursor = page.cursor
      }
      return ids.sort()
    }
  })

  function wantedLaunch(starts: string): Wanted {
    const key = randomUUID()
    const id = random() < 0.5 ? { node_id: randomUUID() } : {}
    const run = `echo ${key} >> ${starts}`
    return { key, body: { ...id, provider: 'local', task: task({ run }) } }
  }

  it('takes place once when two processes on one database are asked at once', {
    timeout: 60_000,
  }, async () => {
    const shared = await startShared()
    try {
      const first = await shared.start({ owner: 'first' })
      const second = await shared.start({ owner: 'second' })
      for (let round = 0; round < 10; round += 1) {
        const launch = { ...REQUEST, ...(round % 2 === 0 && { node_id: `node-${round}` }) }
        const order = { launch, once: { key: `key ${round}`, digest: 'd' } }
        const answers = await Promise.all([first.tell(order), second.tell(order)])
        const [one, other] = answers as { node_id: string }[]
        expect(other?.node_id).toBe(one?.node_id)
        await shared.until(one?.node_id ?? '', ({ phase }) => phase === 'failed')
        expect(await shared.launched()).toHaveLength(round + 1)
      }
    } finally {
      await shared.close()
    }
  })

  it('is refused while the first request with its key is at work', async () => {
    const folder = await temporaryFolder()
    const launching = await startLaunching({ folder })
    try {
      const once = { key: 'k', digest: 'd' }
      const first = launching.orchestrator.launch(REQUEST, once)
      await expect(launching.orchestrator.launch(REQUEST, once)).rejects.toMatchObject({
        status: 409,
        headers: { 'Retry-After': '1' },
      })
      expect((await launching.orchestrator.launch(REQUEST, once).catch(() => first)).node_id).toBe(
        (await first).node_id,
      )
    } finally {
      await launching.stop()
    }
  })
})
