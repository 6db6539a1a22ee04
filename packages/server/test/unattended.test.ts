import { createClient } from '@launchtail/client'
import { afterAll, expect, test } from 'vitest'
import type { Database } from '../src/database/open.js'
import { createLooks, type Looks } from '../src/nodes/looks/looks.js'
import { startCommand } from './support/command.js'
import { removeFolder, startLaunching, temporaryFolder, waitFor } from './support/launching.js'
import { endAll, startServer, until } from './support/processes.js'

afterAll(endAll)

const HOUR = 3_600_000
const DAY = 24 * HOUR
const TASK = { provider: 'local', region: 'local', gpu: 'cpu', task: 'run: exec sleep 300' }

/** Two nodes that run, one that is over, and one of another program, with a clock that is set by hand. */
async function world() {
  const folder = temporaryFolder()
  const clock = { now: Date.now() }
  const now = () => new Date(clock.now)
  const changes: string[] = []
  const server = await startLaunching({ folder })
  for (const node_id of ['ours', 'other']) await server.orchestrator.launch({ ...TASK, node_id })
  await server.orchestrator.launch({ ...TASK, node_id: 'over', task: 'run: exit 1' })
  await server.until('over', ({ phase }) => phase === 'failed')
  await server.registry.create({ nodeId: 'sent-in', about: {} })
  await waitFor(async () => (await server.registry.get('over'))?.status === 'failed')
  const open = () =>
    createLooks({
      ...{ database: server.database, after: DAY, now, every: 10 },
      onFault: (_, error) => Promise.reject(error),
      onChange: (nodeId) => changes.push(nodeId),
    })
  return { clock, changes, server, open, close }

  async function close(looks: Looks) {
    await looks.stop()
    for (const nodeId of ['ours', 'other']) {
      await server.orchestrator.terminate(nodeId)
      await server.until(nodeId, ({ message }) => message === 'Node terminated')
    }
    await server.stop()
    removeFolder(folder)
  }
}

async function unattended(database: Database, looks: Looks): Promise<string[]> {
  const rows = await database.selectFrom('nodes').selectAll().orderBy('node_id').execute()
  return rows.filter(looks.isUnattended).map(({ node_id }) => node_id)
}

const lookedAt = async (database: Database, nodeId: string) => {
  const rows = database.selectFrom('nodes').select('looked_at').where('node_id', '=', nodeId)
  return (await rows.executeTakeFirstOrThrow()).looked_at
}

test('what runs is unattended once nobody has looked at it for a day, and is told once', async () => {
  const { clock, changes, server, open, close } = await world()
  const { database } = server
  let looks = open()
  clock.now += DAY - 60_000
  expect(await unattended(database, looks)).toEqual([])
  looks.seen('ours')
  await waitFor(async () => (await lookedAt(database, 'ours')) !== null)
  changes.length = 0
  clock.now += HOUR
  await waitFor(() => changes.length > 0)
  expect(await unattended(database, looks)).toEqual(['other'])
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(changes).toEqual(['other'])

  // A restart forgets no look that was an hour ago or longer, and none at all if it is in order.
  clock.now += 22 * HOUR
  looks.seen('ours')
  await looks.stop()
  looks = open()
  clock.now += 2 * HOUR
  expect(await unattended(database, looks)).toEqual(['other'])
  looks.seen('other')
  expect(await unattended(database, looks)).toEqual([])
  await close(looks)
})

test('looks are stored once an hour at most, however many there are', async () => {
  const { clock, server, open, close } = await world()
  const looks = open()
  const first = new Date(clock.now).toISOString()
  looks.seen('ours')
  await waitFor(async () => (await lookedAt(server.database, 'ours')) === first)
  for (let minute = 0; minute < 59; minute += 1) {
    clock.now += 60_000
    for (let i = 0; i < 100; i += 1) looks.seen('ours')
  }
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(await lookedAt(server.database, 'ours')).toBe(first)
  const latest = new Date(clock.now).toISOString()
  clock.now += 60_000
  await waitFor(async () => (await lookedAt(server.database, 'ours')) === latest)
  await close(looks)
})

test('it is opened by name alone that counts, and unattended nodes can be asked for', async () => {
  const server = await startServer({ env: { LAUNCHTAIL_UNATTENDED_AFTER: '3s' } })
  const client = createClient({ baseUrl: server.url, token: server.token })
  await client.launchNode({ ...TASK, node_id: 'alone' })
  await client.launchNode({ ...TASK, node_id: 'watched' })
  const listed = async () => (await client.listNodes({ unattended: true })).nodes
  await until('the node to be unattended', async () => {
    await client.getNodeLogs('watched')
    const nodes = await listed()
    return nodes.some(({ node_id, unattended }) => node_id === 'alone' && unattended) || undefined
  })
  expect((await listed()).map(({ node_id }) => node_id)).toEqual(['alone'])
  const { stdout } = await startCommand(server.url, ['nodes', '--unattended']).ended
  expect(stdout).toMatch(/^alone +.*unattended: /)
  expect(stdout).not.toContain('watched')
  // Looking at it in a list is none; opening it is.
  expect(await client.getNode('alone')).toHaveProperty('unattended', true)
  expect(await client.getNode('alone')).not.toHaveProperty('unattended')
  expect((await listed()).map(({ node_id }) => node_id)).not.toContain('alone')
  for (const nodeId of ['alone', 'watched']) await client.terminateNode(nodeId)
  await until('both to be over', async () => {
    const { nodes } = await client.listNodes({ q: 'status:terminated' })
    return nodes.length === 2 || undefined
  })
}, 60_000)
