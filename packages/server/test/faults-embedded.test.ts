import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { freePort } from '../src/launch/local/port.js'
import { listed, newNode } from './support/nodes.js'
import { type RunningServer, startServer, temporaryFolder, until } from './support/processes.js'
import { readToEnd } from './support/reading.js'
import { seededRandom } from './support/seed.js'
import { openStream, type StreamEvent } from './support/stream.js'

const KILLS = Number(process.env.LAUNCHTAIL_TEST_KILLS ?? 25)
const PROGRAM = fileURLToPath(new URL('../dist/launchtail.js', import.meta.url))
const random = seededRandom('kills')
const QUIET = { LAUNCHTAIL_LOG_LEVEL: 'error' }

describe('a server that is killed', () => {
  it(`has all that it answered for after each of ${KILLS} kills, once, and no part of a batch`, {
    timeout: 60_000 + KILLS * 5000,
  }, async () => {
    const dataDir = await temporaryFolder()
    const port = await freePort()
    let server = await startServer({ dataDir, port, env: QUIET })
    const nodes = [await newNode(server), await newNode(server), await newNode(server)]
    const writers = nodes.map((id) => createWriter(id))
    const reader = follow(nodes[0] as string)
    let acknowledged = 0
    for (let kill = 0; kill < KILLS; kill += 1) {
      const busy = writers.map((writer) => writer.run(server))
      await sleep(random() * 120)
      await server.kill()
      await Promise.all(busy)
      server = await startServer({ dataDir, port, env: QUIET })
      for (const writer of writers) {
        const list = await listed(server, writer.id)
        writer.check(list, kill)
      }
      acknowledged = writers.reduce((sum, writer) => sum + writer.acknowledged(), 0)
    }
    // What was cut off is sent again with its key: in none of the cases is it stored twice.
    for (const writer of writers) {
      await writer.settle(server)
      writer.check(await listed(server, writer.id), KILLS)
    }
    expect(acknowledged).toBeGreaterThan(KILLS)
    await server.post(`/admin/nodes/${nodes[0]}/logs`, { message: 'over', phase: 'active' })
    const { events, connections } = await reader
    const logs = events.filter(({ event }) => event === 'log')
    expect(logs.map(({ data }) => data.message)).toEqual(await listed(server, nodes[0] as string))
    expect(logs.map(({ id }) => Number.parseInt(id, 10))).toEqual(logs.map((_, i) => i))
    expect(events.filter(({ event }) => event === 'gap' || event === 'error')).toEqual([])
    expect(connections).toBeGreaterThan(KILLS / 2)

    /** Reads on with the last id whenever the server is there, as a browser does. */
    async function follow(id: string) {
      const events: StreamEvent[] = []
      let lastId = ''
      let connections = 0
      for (;;) {
        const reading = await readToEnd(`${server.url}/admin/nodes/${id}/logs/stream?tail=all`, {
          'X-Admin-Token': server.token,
          ...(lastId !== '' && { 'Last-Event-ID': lastId }),
        })
        events.push(...reading.events)
        if (reading.status === 200) connections += 1
        if (reading.events.at(-1)?.event === 'done') return { events, connections }
        lastId = reading.lastId || lastId
        if (reading.status !== 200) await sleep(20)
      }
    }
  })

  interface Batch {
    readonly name: string
    readonly size: number
    acknowledged: boolean
  }

  /** Sends batch after batch, several at a time, and knows which of them were answered. */
  function createWriter(id: string) {
    const batches: Batch[] = []
    return { id, run, settle, check, acknowledged: () => batches.filter(answered).length }

    async function run(server: RunningServer): Promise<void> {
      await Promise.all([1, 2].map(() => sendUntilItIsGone(server)))
    }

    async function sendUntilItIsGone(server: RunningServer): Promise<void> {
      for (;;) {
        const size = 1 + Math.floor(random() * 40)
        const batch = { name: `batch ${batches.length}`, size, acknowledged: false }
        batches.push(batch)
        const answer = await send(server, batch).catch(() => undefined)
        // Killed before it answered: it may have stored the batch or not, as a whole.
        if (!answer) return
        expect(answer.status).toBe(202)
      }
    }

    async function send(server: RunningServer, batch: Batch): Promise<Response> {
      const key = { 'Idempotency-Key': batch.name.replace(' ', '-') }
      const entries = partsOf(batch).map((message) => ({ message }))
      const answer = await server.post(`/admin/nodes/${id}/logs`, entries, key)
      if (answer.status === 202) batch.acknowledged = true
      return answer
    }

    async function settle(server: RunningServer): Promise<void> {
      for (const batch of batches) {
        if (!batch.acknowledged) expect((await send(server, batch)).status).toBe(202)
      }
    }

    function check(list: readonly string[], kill: number): void {
      const counts = new Map<string, number>()
      for (const message of list) counts.set(message, (counts.get(message) ?? 0) + 1)
      const wrong = batches.filter((batch) => {
        const seen = partsOf(batch).map((message) => counts.get(message) ?? 0)
        const whole = seen.every((count) => count === 1)
        const absent = seen.every((count) => count === 0)
        return !(whole || (absent && !batch.acknowledged))
      })
      expect(wrong, `after kill ${kill}`).toEqual([])
      const places = batches.map((batch) => list.indexOf(`${batch.name}, part 0`))
      const torn = batches.filter((batch, i) => {
        const at = places[i] as number
        return at >= 0 && partsOf(batch).some((message, part) => list[at + part] !== message)
      })
      expect(torn, `in pieces after kill ${kill}`).toEqual([])
    }
  }

  function answered({ acknowledged }: Batch): boolean {
    return acknowledged
  }

  function partsOf({ name, size }: Batch): string[] {
    return Array.from({ length: size }, (_, i) => `${name}, part ${i}`)
  }
})

describe('a second server on the same data folder', () => {
  it('refuses in one sentence, and the first goes on', async () => {
    const server = await startServer({ env: QUIET })
    const id = await newNode(server)
    const second = await run(['serve'], { LAUNCHTAIL_DATA_DIR: server.dataDir })
    expect(second.code).toBe(1)
    expect(second.output).toBe(`launchtail: data folder in use by process ${server.child.pid}\n`)
    expect((await server.post(`/admin/nodes/${id}/logs`, { message: 'still' })).status).toBe(202)
    expect(await listed(server, id)).toEqual(['still'])
    // The folder is free again at any end of the first.
    await server.kill()
    const successor = await startServer({ dataDir: server.dataDir, env: QUIET })
    expect(await listed(successor, id)).toEqual(['still'])
  })
})

describe('a data folder that cannot be used', () => {
  it('is one sentence at the start when there is a file in its place', async () => {
    const file = join(await temporaryFolder(), 'data')
    await writeFile(file, 'not a folder')
    expectOneSentence(await run(['serve'], { LAUNCHTAIL_DATA_DIR: file }), file)
    expect(await readFile(file, 'utf8')).toBe('not a folder')
  })

  it('is one sentence when its parent is a file', async () => {
    const file = join(await temporaryFolder(), 'file')
    await writeFile(file, '')
    const dir = join(file, 'data')
    expectOneSentence(await run(['serve'], { LAUNCHTAIL_DATA_DIR: dir }), dir)
  })

  it('is one sentence when it is a link to nowhere', async () => {
    const dir = join(await temporaryFolder(), 'data')
    await symlink('/nowhere/at/all', dir)
    expectOneSentence(await run(['serve'], { LAUNCHTAIL_DATA_DIR: dir }), dir)
  })

  it('is one sentence when it can only be read', async ({ skip }) => {
    const dir = await temporaryFolder()
    await chmod(dir, 0o555)
    if (!(await canRun(unprivileged()))) skip('another account cannot read the program here')
    expectOneSentence(await run(['serve'], { LAUNCHTAIL_DATA_DIR: dir }, unprivileged()), dir)
  })

  it('is one sentence when its files belong to another account', async ({ skip }) => {
    const dir = await temporaryFolder()
    if (!(await canRun(unprivileged()))) skip('another account cannot read the program here')
    const server = await startServer({ dataDir: dir, env: QUIET })
    expect(await server.stop()).toBe(0)
    await chmod(dir, 0o755)
    for (const name of ['lock.db', 'logs.db', 'records.db']) await chmod(join(dir, name), 0o444)
    expectOneSentence(await run(['serve'], { LAUNCHTAIL_DATA_DIR: dir }, unprivileged()), dir)
  })

  it('is one sentence when there is something else in place of its database', async () => {
    for (const name of ['logs.db', 'records.db', 'lock.db']) {
      const dir = await temporaryFolder()
      await writeFile(
        join(dir, name),
        'A text that is longer than the header of a database. '.repeat(9),
      )
      const refused = await run(['serve'], { LAUNCHTAIL_DATA_DIR: dir })
      expectOneSentence(refused, 'not a database')
      expectOneSentence(refused, name === 'lock.db' ? dir : join(dir, name))
    }
  })

  it('is made, with the folders above it, when it is missing', async () => {
    const dataDir = join(await temporaryFolder(), 'some', 'where', 'data')
    const server = await startServer({ dataDir, env: QUIET })
    expect((await server.fetch('/readyz')).status).toBe(200)
  })

  /** An account without rights of its own, where the tests run as root. */
  function unprivileged(): { uid?: number; gid?: number } {
    return process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
  }

  async function canRun(account: { uid?: number; gid?: number }): Promise<boolean> {
    return (await run(['--help'], {}, account)).code === 0
  }

  function expectOneSentence({ code, output }: Ended, words: string): void {
    expect(code).toBe(1)
    expect(output.trimEnd().split('\n')).toHaveLength(1)
    expect(output).toMatch(/^launchtail: /)
    expect(output).toContain(words)
    expect(output).not.toMatch(/\bat .*:\d+:\d+/)
  }
})

describe('SIGTERM', () => {
  it('ends 100 streams evenly, each with a last retry and without `done`, and exits with 0', async () => {
    const server = await startServer({ env: { ...QUIET, LAUNCHTAIL_DRAIN: '2s' } })
    const nodes = await Promise.all([1, 2, 3, 4].map(() => newNode(server)))
    for (const id of nodes) await server.post(`/admin/nodes/${id}/logs`, { message: 'before' })
    const streams = await Promise.all(
      Array.from({ length: 100 }, (_, i) => open(server, nodes[i % 4] as string)),
    )
    for (const stream of streams) await until('history', () => stream.messages().length === 1)
    const ends: number[] = []
    for (const stream of streams) void stream.ended.then(() => ends.push(performance.now()))
    const code = await server.stop()
    await Promise.all(streams.map((stream) => stream.ended))
    expect(code).toBe(0)
    // Evenly, so that their clients do not all come back at once.
    const half = (Math.min(...ends) + Math.max(...ends)) / 2
    expect(ends.filter((end) => end < half).length).toBeGreaterThan(20)
    expect(ends.filter((end) => end > half).length).toBeGreaterThan(20)
    for (const stream of streams) {
      expect(stream.events.map(({ event }) => event)).toEqual(['log'])
      expect(stream.retries).toHaveLength(2)
      expect(stream.text()).toMatch(/retry: \d+\n\n$/)
      expect(stream.retries[1]).toBeGreaterThanOrEqual(1000)
      expect(stream.retries[1]).toBeLessThanOrEqual(4000)
    }
    expect(new Set(streams.map((stream) => stream.retries[1])).size).toBeGreaterThan(50)
    // And the end was in order: they go on exactly on the next server.
    const next = await startServer({ dataDir: server.dataDir, env: QUIET })
    await next.post(`/admin/nodes/${nodes[0]}/logs`, { message: 'after', phase: 'active' })
    const resumed = await readToEnd(`${next.url}/admin/nodes/${nodes[0]}/logs/stream`, {
      'X-Admin-Token': next.token,
      'Last-Event-ID': streams[0]?.lastId() ?? '',
    })
    expect(resumed.events.map(({ event }) => event)).toEqual(['log', 'done'])
  })

  it('is refused readiness at once, and a second one ends at once', async () => {
    const env = { ...QUIET, LAUNCHTAIL_DRAIN: '60s', LAUNCHTAIL_DRAIN_DELAY: '60s' }
    const server = await startServer({ env })
    const id = await newNode(server)
    const stream = await open(server, id)
    server.signal('SIGTERM')
    await until('not to be ready', async () => (await server.fetch('/readyz')).status === 503)
    const answer = await server.fetch(`/admin/nodes/${id}/logs`)
    expect([answer.status, answer.headers.get('Connection')]).toEqual([200, 'close'])
    const exited = once(server.child, 'exit')
    server.signal('SIGTERM')
    await exited
    await stream.ended
    expect(stream.events).toEqual([])
  })

  function open(server: RunningServer, id: string) {
    const url = `${server.url}/admin/nodes/${id}/logs/stream`
    return openStream(url, { 'X-Admin-Token': server.token })
  }
})

interface Ended {
  readonly code: number | null
  readonly output: string
}

/** The command, until it ends by itself. */
async function run(
  args: string[],
  env: Record<string, string> = {},
  account: { uid?: number; gid?: number } = {},
): Promise<Ended> {
  const child: ChildProcess = spawn(process.execPath, [PROGRAM, ...args], {
    env: { PATH: process.env.PATH, PORT: '0', LAUNCHTAIL_ADMIN_TOKEN: 'token-of-a-test', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: '/',
    ...account,
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let output = ''
  child.stdout?.on('data', (chunk) => {
    output += chunk
  })
  child.stderr?.on('data', (chunk) => {
    output += chunk
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, output }
}
