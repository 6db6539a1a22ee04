import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { startServer, temporaryFolder, until } from './support/processes.js'
import { startReceiver } from './support/receiver.js'
import { seededRandom } from './support/seed.js'

const KILLS = 20
const EACH = 5
const random = seededRandom('webhook kills')

test('whenever the sender is killed, each event arrives at least once, under one id, and none is lost', async () => {
  const receiver = await startReceiver()
  // Some answers come late, so that a kill comes between sending and storing, too.
  receiver.answer = (response) => {
    setTimeout(() => response.writeHead(204).end(), random() * 60)
  }
  const dataDir = await temporaryFolder()
  const webhook = { url: receiver.url, events: ['launch.started', 'launch.active'] }
  let server = await startServer({ dataDir })
  expect((await server.post('/admin/webhooks', webhook)).status).toBe(201)
  const acknowledged: string[] = []
  for (let kill = 0; kill < KILLS; kill += 1) {
    const nodes = Array.from({ length: EACH }, (_, i) => `n-${kill}-${i}`)
    const sent = Promise.all(nodes.map((nodeId) => launch(server, nodeId)))
    await sleep(random() * 900)
    await server.kill()
    await sent
    server = await startServer({ dataDir })
  }
  const told = () => {
    const ids = new Map<string, Set<string>>()
    for (const { body, headers } of receiver.received) {
      const { type, data } = JSON.parse(body)
      const event = `${type} ${data.launch.node_id}`
      ids.set(event, (ids.get(event) ?? new Set()).add(String(headers['webhook-id'])))
    }
    return ids
  }
  const expected = acknowledged.flatMap((id) => [`launch.started ${id}`, `launch.active ${id}`])
  expect(expected.length).toBeGreaterThan(KILLS)
  await until(
    'all events',
    () => {
      const ids = told()
      return expected.every((event) => ids.has(event))
    },
    60_000,
  )
  for (const [event, ids] of told()) expect([event, ids.size]).toEqual([event, 1])
  // Some were sent when their sender was killed, so they came twice.
  console.info(`${receiver.received.length} messages for ${told().size} events`)

  async function launch({ post }: typeof server, nodeId: string): Promise<void> {
    try {
      await post('/admin/nodes', { node_id: nodeId })
      const answer = await post(`/admin/nodes/${nodeId}/logs`, [
        { message: 'asking', phase: 'queued' },
        { message: 'ready', phase: 'active' },
      ])
      if (answer.status === 202) acknowledged.push(nodeId)
    } catch {
      // The server was killed: nothing was promised.
    }
  }
}, 180_000)
