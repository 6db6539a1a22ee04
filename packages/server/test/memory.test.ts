import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { NodeRecord } from '@launchtail/client/protocol'
import { describe, expect, it, onTestFinished } from 'vitest'
import { redisLogStore } from '../src/logs/redis/store.js'
import { sqliteLogStore } from '../src/logs/sqlite/store.js'
import type { LogStore } from '../src/logs/store.js'
import {
  type RunningServer,
  type ServerOptions,
  startRedis,
  startServer,
  temporaryFolder,
  until,
} from './support/processes.js'

// A log far larger than what the server may take to send it. `LAUNCHTAIL_TEST_MEMORY_MB` asks for a
// larger one, and for a longer look at it.

const MB = 1_000_000
const SIZE = Number(process.env.LAUNCHTAIL_TEST_MEMORY_MB ?? 60) * MB
const ENTRY = SIZE > 60 * MB ? 6000 : 2000
const ENTRIES = SIZE / ENTRY
/** Bytes a second that each reader takes. */
const RATE = MB
/** Bytes that each of them is watched for, however long a busy machine takes to send them. */
const ENOUGH = SIZE > 60 * MB ? 100 * MB : 8 * MB
const READERS = 20
const EXPORTS = ['json', 'ndjson', 'csv', 'text']
const MOST = 64 * 1024 * 1024
const NODE = 'large'

const TIME = { timeout: 60_000 + (ENOUGH / RATE) * 20_000 }

describe(`a log of ${SIZE / MB} MB, that 20 readers and 4 exports take at 1 MB/s each`, () => {
  it('takes at most 64 MiB of the server, on the embedded store', TIME, async () => {
    const dataDir = await temporaryFolder()
    const store = await sqliteLogStore({ file: join(dataDir, 'logs.db'), retention: 86_400_000 })
    await fill(store)
    await expectLittle({ dataDir })
  })

  it('takes at most 64 MiB of the server, on Redis', TIME, async () => {
    const { url } = await startRedis(['--appendonly', 'no'])
    await fill(await redisLogStore({ url, retention: 86_400_000, pollInterval: 60_000 }))
    await expectLittle({ dataDir: await temporaryFolder(), env: { REDIS_URL: url } })
  })
})

async function fill(store: LogStore): Promise<void> {
  const fields = { timestamp: '2024-01-15T10:30:00Z', level: 'info', phase: 'installing' }
  for (let at = 0; at < ENTRIES; at += 500) {
    const texts = Array.from({ length: 500 }, (_, i) =>
      JSON.stringify({ ...fields, message: `line ${at + i} ${'word '.repeat(ENTRY / 5 - 20)}` }),
    )
    await store.append(NODE, texts)
  }
  await store.close()
}

async function expectLittle(options: ServerOptions): Promise<void> {
  await takeIntoRecord(options)
  const server = await startServer(options)
  expect((await server.fetch(`/admin/nodes/${NODE}/logs?tail=1`)).status).toBe(200)
  await sleep(2000)
  const base = residentBytes(server)
  const paths = [
    ...Array.from({ length: READERS }, () => 'stream?tail=all'),
    ...EXPORTS.map((format) => `export?format=${format}`),
  ]
  const readers = paths.map((path) => readSlowly(server, `/admin/nodes/${NODE}/logs/${path}`))
  let most = 0
  while (readers.some(({ received }) => received() < ENOUGH)) {
    await sleep(100)
    most = Math.max(most, residentBytes(server))
  }
  const mib = (bytes: number) => (bytes / 1024 / 1024).toFixed(1)
  console.log(`${mib(most - base)} MiB over ${mib(base)} MiB`)
  expect(most - base).toBeLessThan(MOST)
}

/** The first server that knows the log reads all of it. What that takes is not what its readers take. */
async function takeIntoRecord(options: ServerOptions): Promise<void> {
  const server = await startServer(options)
  await until(
    'the record to have it all',
    async () => {
      const record = await (await server.fetch(`/admin/nodes/${NODE}`)).json()
      return (record as NodeRecord).message.startsWith(`line ${ENTRIES - 1} `)
    },
    TIME.timeout / 2,
  )
  await server.stop()
}

/** Takes an answer at the rate, whatever the server would send. */
function readSlowly(server: RunningServer, path: string) {
  const { hostname, port } = new URL(server.url)
  const socket = connect({ host: hostname, port: Number(port) })
  onTestFinished(() => void socket.destroy())
  socket.on('error', () => {})
  socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Admin-Token: ${server.token}\r\n\r\n`)
  const began = performance.now()
  let received = 0
  socket.on('data', ({ length }) => {
    received += length
    const early = (received / RATE) * 1000 - (performance.now() - began)
    if (early <= 0) return
    socket.pause()
    setTimeout(() => socket.resume(), early)
  })
  return { received: () => received }
}

function residentBytes({ child }: RunningServer): number {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024
}
