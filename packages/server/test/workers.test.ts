import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { joinMetrics } from '../src/workers/joined-metrics.js'
import { violationsOf } from './faults/checker.js'
import { startReader } from './faults/reader.js'
import { startWriter } from './faults/writer.js'
import { startCommand } from './support/command.js'
import { newNode } from './support/nodes.js'
import {
  endAll,
  type RunningServer,
  startServer,
  temporaryFolder,
  until,
} from './support/processes.js'
import { seededRandom } from './support/seed.js'
import { startShared } from './support/shared.js'
import { openStream } from './support/stream.js'

const WORKERS = 2

let env: Record<string, string>
let server: RunningServer

beforeAll(async () => {
  const { LAUNCHTAIL_SECRETS_KEY: _, ...shared } = (await startShared()).env
  env = shared
  server = await startServer({ env, flags: ['--workers', String(WORKERS)] })
  // It was made for all its workers, and is needed by others on this database.
  const key = await readFile(join(server.dataDir, 'secrets-key'), 'utf8')
  env.LAUNCHTAIL_SECRETS_KEY = key.trim()
}, 60_000)
afterAll(endAll)

const pidOf = async (worker: number, of = server) =>
  Number(await readFile(join(of.dataDir, `worker-${worker}`, 'pid'), 'utf8'))

async function metricsOf(of = server): Promise<string> {
  return (await of.fetch('/metrics')).text()
}

const launchesOf = (worker: number) =>
  readdir(join(server.dataDir, `worker-${worker}`, 'launches')).catch(() => [])

const restartsOf = async (worker: number) =>
  new RegExp(`^launchtail_worker_restarts_total\\{worker="${worker}"\\} (\\d+)$`, 'm').exec(
    await metricsOf(),
  )?.[1]

describe('a server of several workers', () => {
  it('says once that it listens, and where', async () => {
    expect(server.output().match(/listens on/g)).toHaveLength(1)
    await until('the log', () => server.output().includes('listening at'))
    const log = server
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{'))
    expect(log.map((line) => JSON.parse(line).msg)).toEqual([
      `listening at ${server.url} with ${WORKERS} workers`,
    ])
    expect(await readFile(join(server.dataDir, 'url'), 'utf8')).toBe(`${server.url}\n`)
    const pids = await Promise.all([pidOf(1), pidOf(2)])
    expect(new Set([...pids, server.child.pid]).size).toBe(3)
  })

  it('shows the metrics of all workers, whichever is asked', async () => {
    for (let i = 0; i < 4; i += 1) {
      const text = await metricsOf()
      const workers = text.match(/^launchtail_build_info\{worker="(\d)",version=".*$/gm)
      expect(workers).toHaveLength(WORKERS)
      expect(text.match(/^# TYPE launchtail_streams gauge$/gm)).toHaveLength(1)
      expect(text).toMatch(/^launchtail_workers\{worker="1"\} 2$/m)
      expect(text).toMatch(/^process_resident_memory_bytes\{worker="2"\} \d/m)
    }
  })

  it('loses and doubles nothing when a worker is killed, and starts it again', async () => {
    const id = await newNode(server)
    const random = seededRandom('readers')
    const stream = `${server.url}/admin/nodes/${id}/logs/stream?tail=all`
    const readers = Array.from({ length: 8 }, () => startReader(stream, random))
    const writer = startWriter(server.url, [id], 50)
    const written = () => writer.written.get(id) as readonly string[]
    const killed = [1, 2, 1]
    for (const worker of killed) {
      const before = written().length
      await until('some entries', () => written().length > before + 20)
      const pid = await pidOf(worker)
      process.kill(pid, 'SIGKILL')
      await until('the worker to run again', async () => (await pidOf(worker)) !== pid)
      await until('it to be counted', async () => (await restartsOf(worker)) !== undefined)
    }
    await writer.stop()
    const seen = (reader: (typeof readers)[number]) =>
      reader.events().filter(({ event }) => event === 'log').length
    await until('all readers to have all', () =>
      readers.every((reader) => seen(reader) >= written().length),
    )
    await Promise.all(readers.map((reader) => reader.stop()))
    const found = readers.flatMap((reader, i) =>
      violationsOf(`reader ${i}`, reader.events(), id, written()),
    )
    expect(found).toEqual([])
    expect(readers.reduce((sum, { counts }) => sum + counts.again, 0)).toBeGreaterThan(0)
    await until('both counts', async () => (await restartsOf(1)) === '2')
    expect(await restartsOf(2)).toBe('1')
    const notices = server.output().match(/worker 1 was ended by SIGKILL/g)
    expect(notices, 'told once').toHaveLength(1)
  }, 60_000)

  it('carries a launch on this machine on when its worker was killed', async () => {
    const task = { provider: 'local', task: 'run: sleep 600\n', node_id: 'sleeps' }
    expect((await server.post('/admin/nodes/launch', task)).status).toBe(202)
    const worker = await until('a worker to have it', async () => {
      const folders = await Promise.all([1, 2].map((each) => launchesOf(each)))
      return folders.findIndex((launches) => launches.length > 0) + 1
    })
    const status = async () => {
      const answer = await server.fetch('/admin/nodes/sleeps').catch(() => undefined)
      return ((await answer?.json()) as { status?: string } | undefined)?.status
    }
    const pid = await pidOf(worker)
    process.kill(pid, 'SIGKILL')
    await until('the worker to run again', async () => (await pidOf(worker)) !== pid)
    expect(await status()).toBe('launching')
    expect((await server.post('/admin/nodes/sleeps/terminate', {})).status).toBe(202)
    await until('its end', async () => (await status()) === 'terminated')
  })

  it('leaves a worker that is frozen out of the metrics', async () => {
    const pid = await pidOf(2)
    process.kill(pid, 'SIGSTOP')
    try {
      await until('metrics of one', async () => {
        const signal = AbortSignal.timeout(3000)
        const asked = server.fetch('/metrics', { signal }).then((answer) => answer.text())
        // The frozen one may have been given the connection.
        const text = await asked.catch(() => '')
        return text.includes('worker="1"') && !text.includes('worker="2"')
      })
    } finally {
      process.kill(pid, 'SIGCONT')
    }
    await until('metrics of both', async () => (await restartsOf(2)) !== undefined)
    expect(await pidOf(2)).toBe(pid)
  })

  it('ends in order with a signal to it, or to all of its processes as a terminal sends it', async () => {
    const flags = ['--workers', String(WORKERS)]
    const id = await newNode(server)
    const stream = `/admin/nodes/${id}/logs/stream?tail=all`
    for (const toAll of [false, true]) {
      const own = await startServer({ env: { ...env, LAUNCHTAIL_DRAIN: '300ms' }, flags })
      const pids = await Promise.all([pidOf(1, own), pidOf(2, own)])
      const headers = { 'X-Admin-Token': own.token }
      const streams = await Promise.all(
        Array.from({ length: 4 }, () => openStream(own.url + stream, headers)),
      )
      const broken = Promise.all(streams.map((one) => one.more().catch(({ message }) => message)))
      if (toAll) for (const pid of pids) process.kill(pid, 'SIGINT')
      expect(await own.stop()).toBe(0)
      // Each was told that it is over, and no connection broke.
      await broken
      for (const one of streams) {
        await one.ended
        await expect(one.more()).rejects.toThrow('the server ended the stream')
      }
      for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH')
      await expect(readFile(join(own.dataDir, 'url'))).rejects.toThrow('ENOENT')
    }
  }, 60_000)

  it('says in one sentence why it cannot start', async () => {
    const { port } = new URL(server.url)
    const dataDir = await temporaryFolder()
    const args = ['serve', '--workers', '3', '--port', port, '--data-dir', dataDir]
    const { code, stdout, stderr } = await startCommand('', args, { env }).ended
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^launchtail: cannot listen on 127\.0\.0\.1:\d+: .*EADDRINUSE.*\n$/)
  })

  it('is refused where the workers would share nothing', async () => {
    const { code, stdout, stderr } = await startCommand('', ['serve', '--workers', '2']).ended
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toBe(
      'launchtail: --workers 2 needs DATABASE_URL, REDIS_URL and LAUNCHTAIL_ADMIN_TOKEN: processes that serve one port must share records, logs and tokens\n',
    )
  })
})

describe('the metrics of workers', () => {
  it('are one text, with all series of a metric together', () => {
    const of = (value: number) =>
      [
        '# HELP a A.',
        '# TYPE a counter',
        `a ${value}`,
        `a{b="c d} 1",e="f"} ${value}`,
        '',
        '# HELP z Z.',
        '# TYPE z gauge',
        `z{le="+Inf"} NaN`,
        '',
      ].join('\n')
    expect(
      joinMetrics(
        new Map([
          [1, of(1)],
          [3, of(2)],
        ]),
      ),
    ).toBe(
      `# HELP a A.
# TYPE a counter
a{worker="1"} 1
a{worker="1",b="c d} 1",e="f"} 1
a{worker="3"} 2
a{worker="3",b="c d} 1",e="f"} 2

# HELP z Z.
# TYPE z gauge
z{worker="1",le="+Inf"} NaN
z{worker="3",le="+Inf"} NaN
`,
    )
  })
})
