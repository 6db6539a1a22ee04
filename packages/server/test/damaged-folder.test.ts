import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { describe, expect, it, onTestFinished } from 'vitest'
import { sqliteDatabase } from '../src/database/sqlite.js'
import { listed, newNode } from './support/nodes.js'
import { end, PROGRAM, startServer, temporaryFolder, until } from './support/processes.js'
import { seededRandom } from './support/seed.js'
import { openStream } from './support/stream.js'

const COUNT = 200

describe('a journal that was damaged while the server was dead', () => {
  const DAMAGES: [string, (wal: string) => Promise<void>][] = [
    [
      'cut short',
      async (wal) => {
        const { length } = await readFile(wal)
        await truncate(wal, length - 10_000)
      },
    ],
    [
      'changed by one bit',
      async (wal) => {
        const bytes = await readFile(wal)
        const middle = Math.floor(bytes.length / 2)
        bytes[middle] = (bytes[middle] as number) ^ 1
        await writeFile(wal, bytes)
      },
    ],
    ['deleted', (wal) => rm(wal)],
  ]

  it.each(DAMAGES)(
    '%s leaves the beginning of the log, and readers are told',
    async (_, damage) => {
      const dataDir = await temporaryFolder()
      const first = await startServer({ dataDir })
      const id = await newNode(first)
      for (let n = 0; n < COUNT; n += 1) {
        await (await first.post(`/admin/nodes/${id}/logs`, { message: `line ${n}` })).arrayBuffer()
      }
      const url = (base: string) => `${base}/admin/nodes/${id}/logs/stream?tail=all`
      const headers = { 'X-Admin-Token': first.token }
      const reader = await openStream(url(first.url), headers)
      await until('all entries', () => reader.messages().length === COUNT)
      const lastId = reader.lastId()
      await first.kill()
      await damage(join(dataDir, 'logs.db-wal'))

      const second = await startServer({ dataDir })
      const left = await listed(second, id)
      expect(left.length).toBeLessThan(COUNT)
      expect(left).toEqual(left.map((_, n) => `line ${n}`))
      const again = await openStream(url(second.url), { ...headers, 'Last-Event-ID': lastId })
      await again.event('a gap', ({ event }) => event === 'gap')
      expect((await second.post(`/admin/nodes/${id}/logs`, { message: 'after' })).status).toBe(202)
      await until('the new entry', () => again.messages().at(-1) === 'after')
      expect((await listed(second, id)).at(-1)).toBe('after')
    },
  )
})

it('records of a newer version are refused in one sentence', async () => {
  const dataDir = await temporaryFolder()
  await (await startServer({ dataDir })).stop()
  const records = await sqliteDatabase(join(dataDir, 'records.db'))
  await sql`insert into kysely_migration values ('999-later', '2027-01-01')`.execute(records)
  await records.destroy()
  await expect(startServer({ dataDir })).rejects.toThrow(/launchtail: .*newer version/)
})

it('a start that is killed while it creates the records is followed by one that completes them', async () => {
  const random = seededRandom('killed migrations')
  for (let kill = 0; kill < 4; kill += 1) {
    const dataDir = await temporaryFolder()
    const env = { ...process.env, PORT: '0', LAUNCHTAIL_DATA_DIR: dataDir }
    const starting = spawn(process.execPath, [PROGRAM, 'serve'], { env, stdio: 'ignore' })
    onTestFinished(() => end(starting))
    await until('it to begin', () => existsSync(join(dataDir, 'records.db')))
    await sleep(random() * 100)
    await end(starting)
    const server = await startServer({ dataDir })
    await newNode(server)
    await server.stop()
  }
}, 90_000)
