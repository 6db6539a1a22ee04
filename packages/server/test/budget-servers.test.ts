import { EventEmitter, once } from 'node:events'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { removeFolder, startLaunching, temporaryFolder, waitFor } from './support/launching.js'
import { startPostgres } from './support/postgres.js'
import { endAll, startRedis } from './support/processes.js'
import { NOON, pricedSkypilot, REQUEST } from './support/spending.js'

afterAll(endAll)

test('servers that admit launches at the same moment keep the budget of the day together', async () => {
  const { launcher, api } = await pricedSkypilot()
  const [postgres, { url: redisUrl }] = await Promise.all([startPostgres(), startRedis()])
  const databaseUrl = await postgres.create()
  const now = () => new Date(NOON)
  const folders = [temporaryFolder(), temporaryFolder()]
  const together = meeting(2)
  const servers = await Promise.all(
    folders.map((folder, i) =>
      startLaunching({
        ...{ folder, databaseUrl, redisUrl, now, owner: `server-${i}`, isShared: true },
        // Each launch would cost $44.04 until midnight.
        ...{ launchers: () => [launcher], budget: 60 },
        // Asked once the budget has been looked at, before a launch is stored.
        store: (store) => ({ ...store, ping: () => together().then(store.ping) }),
      }),
    ),
  )
  onTestFinished(async () => {
    await Promise.all(servers.map((server) => server.stop()))
    folders.forEach(removeFolder)
  })
  const [one] = servers
  for (const { orchestrator } of servers) await orchestrator.resume()
  const asked = Array.from({ length: 8 }, (_, i) =>
    servers[i % 2]?.orchestrator.launch({ ...REQUEST, node_id: `gpu-${i}` }),
  )
  const answers = await Promise.allSettled(asked)
  const refused = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []))
  expect(refused).toHaveLength(7)
  for (const reason of refused) {
    const message = expect.stringContaining('what runs will cost $44.04 more until midnight')
    expect(reason).toMatchObject({ status: 402, message })
  }
  const rows = await one?.database.selectFrom('launches').select('node_id').execute()
  expect(rows).toHaveLength(1)
  // Nothing of those that were refused is left.
  expect(await one?.database.selectFrom('nodes').select('node_id').execute()).toHaveLength(1)
  for (const { node_id } of rows ?? []) await one?.orchestrator.terminate(node_id)
  await waitFor(() => api.clusters.size === 0)
})

/** The first so many that come wait for each other. */
function meeting(count: number): () => Promise<void> {
  const events = new EventEmitter()
  const all = once(events, 'all')
  let come = 0
  return async () => {
    come += 1
    if (come === count) events.emit('all')
    await all
  }
}
