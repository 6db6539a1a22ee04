import { setTimeout as sleep } from 'node:timers/promises'
import type { Found, LogEntry } from '@launchtail/client'
import { afterAll, describe, expect, it } from 'vitest'
import { newNode } from './support/nodes.js'
import {
  endAll,
  type RunningServer,
  startRedis,
  startServer,
  temporaryFolder,
  until,
} from './support/processes.js'
import { seededRandom } from './support/seed.js'
import { startShared } from './support/shared.js'

afterAll(endAll)

const KILLS = { SQLite: 15, Redis: 10, PostgreSQL: 10 }
const BATCH = 20

describe('the archive of a server that is killed at random moments', () => {
  it.each(['SQLite', 'Redis', 'PostgreSQL'] as const)(
    'has each acknowledged entry once, on %s',
    async (store) => {
      const random = seededRandom(`kills ${store}`)
      const dataDir = await temporaryFolder()
      const env = await envOf(store)
      const kills = KILLS[store]
      const acknowledged: string[] = []
      const nodes: string[] = []
      let answers = 0
      let looks = 0
      for (let kill = 0; kill < kills; kill += 1) {
        const server = await startServer({ dataDir, env })
        if (nodes.length === 0) nodes.push(await newNode(server), await newNode(server))
        const writing = nodes.map((id, i) => write(server, id, `${kill}-${i}`))
        // Also before the first answer, and within a search.
        const moment = answers + Math.floor(random() * 12)
        await until('some answers', () => answers >= moment)
        await sleep(random() * 50)
        await server.kill()
        await Promise.all(writing)
      }
      expect(looks).toBeGreaterThan(kills / 2)
      const last = await startServer({ dataDir, env })
      const found = await all(last, nodes)
      expect(new Set(found).size).toBe(found.length)
      expect(acknowledged.filter((name) => !found.includes(name))).toEqual([])
      const listed = await Promise.all(nodes.map((id) => history(last, id)))
      expect(found.toSorted()).toEqual(listed.flat().toSorted())
      console.log(
        `${store}: ${acknowledged.length} acknowledged, ${found.length} found, ${looks} looks`,
      )

      /** Sends until the server is gone. Now and then it looks for what was just acknowledged. */
      async function write(server: RunningServer, id: string, series: string): Promise<void> {
        for (let n = 0; ; n += 1) {
          const names = Array.from({ length: BATCH }, (_, i) => `${id} ${series}-${n}-${i}`)
          const entries = names.map((name) => ({ message: `lychee ${name.slice(id.length + 1)}` }))
          const answer = await server
            .post(`/admin/nodes/${id}/logs`, entries)
            .catch(() => undefined)
          if (!answer) return
          expect(answer.status).toBe(202)
          acknowledged.push(...names)
          answers += 1
          if (n % 2 > 0) continue
          const q = `"lychee ${series}-${n}-${BATCH - 1}"`
          const query = new URLSearchParams({ q, node: id, limit: '1' })
          const logs = await server
            .fetch(`/admin/logs?${query}`)
            .then(async (response) => ((await response.json()) as Found).logs)
            .catch(() => undefined)
          if (!logs) return
          expect(logs.map(({ node_id, message }) => `${node_id} ${message}`)).toEqual([
            names.at(-1)?.replace(' ', ' lychee '),
          ])
          looks += 1
          answers += 1
        }
      }
    },
    300_000,
  )
})

async function envOf(store: keyof typeof KILLS): Promise<Record<string, string>> {
  if (store === 'SQLite') return {}
  if (store === 'Redis') return { REDIS_URL: (await startRedis(['--appendfsync', 'no'])).url }
  return (await startShared()).env
}

/** What a search finds, page by page: each entry by its node and its name. */
async function all(server: RunningServer, nodes: readonly string[]): Promise<string[]> {
  const names: string[] = []
  let cursor: string | undefined
  do {
    const query = new URLSearchParams({ q: 'lychee', node: nodes.join(), limit: '1000' })
    if (cursor !== undefined) query.set('cursor', cursor)
    const response = await server.fetch(`/admin/logs?${query}`)
    const found = (await response.json()) as Found
    names.push(...found.logs.map(({ node_id, message }) => `${node_id} ${message.slice(7)}`))
    cursor = found.cursor
  } while (cursor !== undefined)
  return names
}

async function history(server: RunningServer, id: string): Promise<string[]> {
  const response = await server.fetch(`/admin/nodes/${id}/logs?tail=all&q=lychee`)
  const { logs } = (await response.json()) as { logs: LogEntry[] }
  return logs.map(({ message }) => `${id} ${message.slice(7)}`)
}
