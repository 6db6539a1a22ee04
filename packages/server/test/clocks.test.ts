import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { plain } from './support/launch-scenarios.js'
import { listed, newNode } from './support/nodes.js'
import {
  endAll,
  type RunningServer,
  startServer,
  temporaryFolder,
  until,
} from './support/processes.js'
import { startShared } from './support/shared.js'
import { startDouble } from './support/skypilot-double.js'
import { openStream } from './support/stream.js'

/** Where `scripts/unpack-faketime.sh` puts it. */
const CACHE = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache')
const LIBRARY = join(CACHE, 'launchtail-faketime/libfaketime.so.1')

afterAll(endAll)

/** A wall clock that can be set while a server runs. Its monotonic clock is the machine's. */
async function createClock(offset: string) {
  const file = join(await temporaryFolder(), 'offset')
  const set = (to: string) => writeFile(file, to)
  await set(offset)
  const env = {
    LD_PRELOAD: LIBRARY,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  }
  return { env, set }
}

const messages = (n: number) => Array.from({ length: n }, (_, i) => `at step ${i}`)

describe.runIf(existsSync(LIBRARY))(
  'clocks (skipped where Debian’s libfaketime cannot be had)',
  () => {
    it('a stream goes on when the clock is set back or ahead', async () => {
      const clock = await createClock('+0')
      const server = await startServer({ env: { LAUNCHTAIL_HEARTBEAT: '200ms', ...clock.env } })
      const id = await newNode(server)
      const url = `${server.url}/admin/nodes/${id}/logs/stream?tail=all`
      const headers = { 'X-Admin-Token': server.token }
      const stream = await openStream(url, headers)
      const days = new Set<string>()
      for (const [n, offset] of ['+0', '-1h', '+25h', '+0'].entries()) {
        await clock.set(offset)
        const answer = await server.post(`/admin/nodes/${id}/logs`, { message: `at step ${n}` })
        expect(answer.status).toBe(202)
        const before = stream.comments.length
        await until('heartbeats', () => stream.comments.length > before + 2)
        await until('the entry', () => stream.messages().length === n + 1)
        days.add(String(stream.events.at(-1)?.data.timestamp).slice(0, 13))
      }
      // The clock was another one indeed.
      expect(days.size).toBeGreaterThan(2)
      expect(stream.messages()).toEqual(messages(4))
      expect(stream.events.filter(({ event }) => ['gap', 'done', 'end'].includes(event))).toEqual(
        [],
      )
      expect(await listed(server, id)).toEqual(messages(4))
      const again = await openStream(url, {
        ...headers,
        'Last-Event-ID': stream.events[1]?.id ?? '',
      })
      await until('the rest', () => again.messages().length === 2)
      expect(again.messages()).toEqual(messages(4).slice(2))
    })

    it('a server whose clock is an hour ahead takes nobody’s launch, and loses none', async () => {
      const api = await startDouble({ scenario: plain({ gated: true }) })
      const shared = await startShared()
      const env = { ...shared.env, SKYPILOT_API_SERVER_ENDPOINT: api.url }
      const clock = await createClock('+1h')
      const right = await startServer({ env })
      const ahead = await startServer({ env: { ...env, ...clock.env } })
      const launch = async (server: RunningServer, node_id: string) => {
        const body = { node_id, provider: 'aws', region: 'x', gpu: 'H100', model: 'm/m' }
        expect((await server.post('/admin/nodes/launch', body)).status).toBe(202)
      }
      await launch(right, 'right')
      await launch(ahead, 'ahead')
      // Longer than it takes to look for launches that nobody runs.
      await sleep(6000)
      for (const gate of ['provisioning', 'loading']) api.pass(gate)
      for (const id of ['right', 'ahead']) {
        await until(`${id} to be active`, async () => {
          const record = (await (await right.fetch(`/admin/nodes/${id}`)).json()) as {
            status: string
          }
          return record.status === 'active'
        })
        expect(api.launched.filter((name) => name.endsWith(id))).toHaveLength(1)
        const steps = (await listed(right, id)).filter((message) => /^step \d+$/.test(message))
        expect(steps).toEqual(Array.from({ length: 20 }, (_, i) => `step ${i}`))
      }
      await ahead.kill()
      await api.close()
    }, 60_000)
  },
)
