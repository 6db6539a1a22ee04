import { spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from '@launchtail/client'
import { expect, it } from 'vitest'
import { freePort } from '../src/launch/local/port.js'
import { newNode } from './support/nodes.js'
import {
  atEnd,
  end,
  type RunningServer,
  startServer,
  TOKEN,
  temporaryFolder,
  until,
} from './support/processes.js'
import { programOf } from './support/reverse-proxy.js'
import { startShared } from './support/shared.js'

const caddy = programOf('caddy')
const ROUNDS = 2

it.runIf(caddy)(
  'readers and a writer behind the Caddy of deploy/compose notice nothing of rolling restarts',
  async () => {
    const shared = await startShared()
    const env = {
      ...shared.env,
      // As in the compose file, and a little shorter: Caddy asks each second.
      LAUNCHTAIL_DRAIN_DELAY: '3s',
      LAUNCHTAIL_DRAIN: '1s',
    }
    const ports = [await freePort(), await freePort(), await freePort()]
    const servers = await Promise.all(ports.map((port) => startServer({ env, port })))
    const baseUrl = await startCaddy(ports)
    const id = await newNode(servers[0] as RunningServer)

    const client = createClient({ baseUrl, token: TOKEN })
    const away = new AbortController()
    const readers = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const seen: string[] = []
        const reading = (async () => {
          for await (const event of client.stream(id, { tail: 'all', signal: away.signal })) {
            if (event.event === 'gap' || event.event === 'done') seen.push(event.event)
            if (event.event === 'log') seen.push(event.data.message)
          }
        })().catch((error) => {
          if (!away.signal.aborted) throw error
        })
        return { seen, reading }
      }),
    )
    const statuses: number[] = []
    let isOver = false
    const writing = (async () => {
      for (let n = 0; !isOver; n += 1) {
        const answer = await fetch(`${baseUrl}/admin/nodes/${id}/logs`, {
          method: 'POST',
          body: JSON.stringify({ message: String(n) }),
          headers: { 'X-Admin-Token': TOKEN, 'Content-Type': 'application/json' },
        })
        await answer.arrayBuffer()
        statuses.push(answer.status)
        await sleep(20)
      }
    })()

    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [at, port] of ports.entries()) {
        const old = servers[at] as RunningServer
        expect(await old.stop()).toBe(0)
        servers[at] = await startServer({ env, port, dataDir: old.dataDir })
        await until('it to be ready', async () => (await servers[at]?.fetch('/readyz'))?.ok)
        // As `--wait` and a readiness probe give it.
        await sleep(1500)
      }
    }
    isOver = true
    await writing
    expect(statuses.filter((status) => status !== 202)).toEqual([])
    const all = statuses.map((_, n) => String(n))
    expect(all.length).toBeGreaterThan(200)
    for (const { seen } of readers) {
      await until('the newest entry', () => seen.at(-1) === all.at(-1))
      expect(seen).toEqual(all)
    }
    away.abort()
    await Promise.all(readers.map(({ reading }) => reading))
  },
  120_000,
)

/** Caddy with the file of deploy/compose, on a free port and in front of these. */
async function startCaddy(ports: readonly number[]): Promise<string> {
  const folder = await temporaryFolder()
  const port = await freePort()
  const file = new URL('../../../deploy/compose/Caddyfile', import.meta.url)
  const shipped = await readFile(file, 'utf8')
  const own = shipped
    .replace(/^:8080 \{/m, `http://127.0.0.1:${port} {`)
    .replace(/server-(\d):8080/g, (_, n) => `127.0.0.1:${ports[n - 1]}`)
  expect(own).toContain(`reverse_proxy 127.0.0.1:${ports[0]} `)
  await writeFile(join(folder, 'Caddyfile'), own)
  const run = ['run', '--config', join(folder, 'Caddyfile'), '--adapter', 'caddyfile']
  const env = { PATH: process.env.PATH, HOME: folder, XDG_DATA_HOME: folder }
  const child = spawn(caddy as string, run, { env, stdio: 'ignore' })
  atEnd(() => end(child))
  const url = `http://127.0.0.1:${port}`
  await until('Caddy to answer', () =>
    fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    ),
  )
  return url
}
