import { afterAll, expect, it } from 'vitest'
import { createLaunches, doneIn, expectEachOnce } from './support/merged-launches.js'
import { endAll, startServer } from './support/processes.js'
import { startProxy } from './support/proxy.js'
import { readToEnd } from './support/reading.js'
import { seededRandom } from './support/seed.js'
import { startShared } from './support/shared.js'
import type { StreamEvent } from './support/stream.js'

const random = seededRandom('merged-replicas')

afterAll(endAll)

it('gives each event of 20 launches once to a reader that is cut 50 times, on either of two servers', {
  timeout: 180_000,
}, async () => {
  const shared = await startShared()
  const env = {
    ...shared.env,
    LAUNCHTAIL_HEARTBEAT: '200ms',
    LAUNCHTAIL_LOG_LEVEL: 'error',
  }
  const servers = await Promise.all([startServer({ env }), startServer({ env })])
  const proxies = await Promise.all(servers.map(({ url }) => startProxy(Number(new URL(url).port))))
  const [one, other] = servers
  const launches = createLaunches(one, random, 20)
  await launches.begin()
  const events: StreamEvent[] = []
  let lastId = ''
  let cuts = 0
  const read = () => events.filter(({ event }) => event === 'log').length
  await readUntilCut(700)
  const writing = launches.run(() => cuts >= 50, read)
  for (; ; cuts += 1) {
    await readUntilCut(Math.ceil(random() * 14_000))
    if (doneIn(events).length === 20) break
    launches.use(random() < 0.5 ? one : other)
  }
  await writing
  expect(cuts).toBeGreaterThanOrEqual(50)
  await expectEachOnce(events, launches.nodes(), other)
  expect(events.filter(({ event }) => event === 'gap')).toEqual([])

  async function readUntilCut(bytes: number): Promise<void> {
    const at = random() < 0.5 ? 0 : 1
    const proxy = proxies[at] as (typeof proxies)[number]
    proxy.cutAfter(bytes)
    const reading = await readToEnd(`http://127.0.0.1:${proxy.port}/admin/logs/stream?tail=all`, {
      'X-Admin-Token': one.token,
      ...(lastId !== '' && { 'Last-Event-ID': lastId }),
    })
    events.push(...reading.events)
    lastId = reading.lastId || lastId
  }
})
