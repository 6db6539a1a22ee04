import { type Client, createClient, type WholeGroup } from '@launchtail/client'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { endAll, type RunningServer, startServer, until } from './support/processes.js'

afterAll(endAll)

// Each launches several nodes, some of them one after the other.
vi.setConfig({ testTimeout: 120_000 })

/** Serves once it is asked; `BREAK` has it fail before that. */
const TASK = `envs: {BREAK: "", VERSION: "1"}
run: |
  echo "version $VERSION"
  if [ -n "$BREAK" ]; then echo "ValueError: $BREAK" >&2; exit 3; fi
  exec python3 -m http.server "$PORT" --bind 127.0.0.1
`
const LOCAL = { provider: 'local', task: TASK, readiness: { path: '/' } } as const

interface Started {
  server: RunningServer
  client: Client
}

async function started(options: Parameters<typeof startServer>[0] = {}): Promise<Started> {
  const server = await startServer(options)
  return { server, client: clientOf(server) }
}

function clientOf({ url, token }: RunningServer): Client {
  return createClient({ baseUrl: url, token })
}

function reached(
  client: Client,
  groupId: string,
  is: (group: WholeGroup) => boolean,
): Promise<WholeGroup> {
  return until(
    `group ${groupId} to get there`,
    async () => {
      const group = await client.getGroup(groupId)
      return is(group) ? group : undefined
    },
    60_000,
  )
}

const isActive = ({ status }: WholeGroup) => status === 'active'
const isUpdated = ({ update }: WholeGroup) => update !== undefined && update.state !== 'running'
const isAtRest = (group: WholeGroup) =>
  isUpdated(group) && group.nodes.every(({ role }) => role !== 'leaving' && role !== 'joining')

function rolesOf({ nodes }: WholeGroup): string[][] {
  return nodes.map(({ role, node }) => [node.node_id, role, node.status])
}

async function idsOf(events: ReturnType<Client['streamGroup']>): Promise<string[]> {
  const ids: string[] = []
  for await (const { id } of events) ids.push(id)
  return ids
}

describe('a group', () => {
  test('is launched by one request, shown as one, streamed as one, and ended as one', async () => {
    const { client, server } = await started()
    const launched = await client.launchGroup({ group_id: 'trio', replicas: 3, ...LOCAL })
    expect(launched).toEqual({
      ...{ group_id: 'trio', replicas: 3, status: 'launching' },
      nodes: [1, 2, 3].map((n) => ({
        node_id: `trio-${n}`,
        cluster_name: `cic-local-local-cpu-od-trio-${n}`,
      })),
    })
    const lines: string[] = []
    let last: unknown
    for await (const event of client.streamGroup('trio', { tail: 'all' })) {
      last = event
      if (event.event === 'log' && event.data.message === 'version 1')
        lines.push(event.data.node_id)
    }
    expect(lines.sort()).toEqual(['trio-1', 'trio-2', 'trio-3'])
    expect(last).toMatchObject({ event: 'end', data: { nodes: { active: 3 } } })
    const ids = await idsOf(client.streamGroup('trio', { tail: 'all' }))
    const resumed = client.streamGroup('trio', { lastEventId: ids[9] ?? '' })
    expect(await idsOf(resumed)).toEqual(ids.slice(10))
    const { nodes, ...group } = await client.getGroup('trio')
    expect(group).toMatchObject({
      ...{ group_id: 'trio', replicas: 3, status: 'active', active: 3, failed: 0 },
    })
    expect(nodes.map(({ node }) => [node.node_id, node.group])).toEqual([
      ['trio-1', 'trio'],
      ['trio-2', 'trio'],
      ['trio-3', 'trio'],
    ])
    expect((await client.listNodes({ q: 'group:=trio' })).count).toBe(3)
    expect((await client.searchLogs({ q: 'group:trio "version 1"' })).count).toBe(3)
    const taken = client.launchGroup({ group_id: 'trio', replicas: 2, ...LOCAL })
    await expect(taken).rejects.toThrow('there is a group trio already; terminate it first')
    await expect(client.deleteGroup('trio')).rejects.toThrow('terminate the group first')

    const terminated = await client.terminateGroup('trio')
    expect(terminated.group_id).toBe('trio')
    const ended = await reached(client, 'trio', ({ ended_at }) => ended_at !== undefined)
    expect([ended.status, ended.terminated]).toEqual(['terminated', 3])
    const answer = await server.fetch('/admin/groups/trio/stream', { method: 'GET' })
    expect(await answer.text()).toContain('event: end\ndata: {"nodes":{"terminated":3}}')
    expect((await client.listGroups()).groups.map(({ status }) => status)).toEqual(['terminated'])
    await client.deleteGroup('trio')
    await expect(client.getGroup('trio')).rejects.toThrow('group not found')
    expect((await client.listNodes()).count).toBe(0)
  })

  test('has what is active and what has failed counted', async () => {
    const { client } = await started()
    await client.launchGroup({ group_id: 'pair', replicas: 2, ...LOCAL })
    await reached(client, 'pair', isActive)
    await client.terminateNode('pair-2')
    const left = await reached(client, 'pair', ({ status }) => status === 'degraded')
    expect([left.active, left.terminated]).toEqual([1, 1])
    // Not even the one that has ended goes.
    await expect(client.deleteGroup('pair')).rejects.toThrow('node pair-1 is launched or runs')
    expect((await client.getGroup('pair')).nodes).toHaveLength(2)

    await client.launchGroup({ group_id: 'bad', replicas: 2, ...LOCAL, envs: { BREAK: 'no' } })
    const failed = await reached(client, 'bad', ({ status }) => status === 'failed')
    expect([failed.active, failed.failed]).toEqual([0, 2])
    await client.terminateGroup('bad')
    await reached(client, 'bad', ({ ended_at }) => ended_at !== undefined)
    // Its id is free again.
    await client.launchGroup({ group_id: 'bad', replicas: 1, ...LOCAL })
    const again = await reached(client, 'bad', isActive)
    expect(again.nodes.map(({ node }) => node.node_id)).toEqual(['bad-1'])
    await client.terminateGroup('bad')
    await client.terminateGroup('pair')
  })

  test('one request under one key launches one group, and nothing where one node cannot be', async () => {
    const { client } = await started()
    const once = { idempotencyKey: 'k1' }
    const first = await client.launchGroup({ replicas: 2, ...LOCAL }, once)
    expect(await client.launchGroup({ replicas: 2, ...LOCAL }, once)).toEqual(first)
    await expect(client.launchGroup({ replicas: 3, ...LOCAL }, once)).rejects.toThrow('used before')
    expect((await client.listNodes()).count).toBe(2)
    expect(first.group_id).toMatch(/^[0-9a-f]{8}$/)

    await client.launchNode({ node_id: 'duo-2', ...LOCAL })
    const refused = client.launchGroup({ group_id: 'duo', replicas: 2, ...LOCAL })
    await expect(refused).rejects.toThrow('node duo-2 is')
    expect((await client.listNodes()).count).toBe(3)
    await expect(client.getGroup('duo')).rejects.toThrow('group not found')
    await expect(client.launchGroup({ replicas: 101, ...LOCAL })).rejects.toThrow('replicas')
    await client.terminateGroup(first.group_id)
    await client.terminateNode('duo-2')
  })
})

describe('an update of a group', () => {
  test('replaces its nodes one after the other, and its stream has them all', async () => {
    const { client } = await started()
    await client.launchGroup({ group_id: 'trio', replicas: 3, ...LOCAL })
    await reached(client, 'trio', isActive)
    const before = await client.updateGroup('trio', { envs: { VERSION: '2' } })
    expect(before.update).toMatchObject({ state: 'running', wanted: 3, replaced: 0, generation: 2 })
    await expect(client.updateGroup('trio')).rejects.toThrow('group trio is being updated')
    let last: unknown
    for await (const event of client.streamGroup('trio', { tail: 'all' })) last = event
    expect(last).toMatchObject({ event: 'end' })
    const after = await reached(client, 'trio', isAtRest)
    expect(after.update).toMatchObject({ state: 'done', wanted: 3, replaced: 3 })
    expect(rolesOf(after)).toEqual([
      ['trio-1', 'left', 'terminated'],
      ['trio-2', 'left', 'terminated'],
      ['trio-3', 'left', 'terminated'],
      ['trio-4', 'member', 'active'],
      ['trio-5', 'member', 'active'],
      ['trio-6', 'member', 'active'],
    ])
    expect(after.nodes.map(({ replaces }) => replaces).slice(3)).toEqual([
      'trio-1',
      'trio-2',
      'trio-3',
    ])
    // Of each two, the old one ended after the new one was active, and before the next began.
    const times = new Map(
      after.nodes.map(({ node }) => [
        node.node_id,
        {
          began: node.created_at,
          active: node.phases.at(-1)?.started_at ?? '',
          end: node.updated_at,
        },
      ]),
    )
    for (const n of [1, 2, 3]) {
      const [old, young, next] = [n, n + 3, n + 4].map((at) => times.get(`trio-${at}`))
      expect((young?.active ?? '') <= (old?.end ?? '')).toBe(true)
      if (next) expect((old?.end ?? '') <= next.began).toBe(true)
    }
    const { logs } = await client.searchLogs({ q: 'group:trio "version 2"' })
    expect(logs).toHaveLength(3)
    const told = await client.getNodeLogs('trio-1', { q: '"has taken this one’s place"' })
    expect(told.count).toBe(1)
    await client.terminateGroup('trio')
  })

  test('replaces only the nodes that are named', async () => {
    const { client } = await started()
    await client.launchGroup({ group_id: 'pair', replicas: 2, ...LOCAL })
    await reached(client, 'pair', isActive)
    const other = client.updateGroup('pair', { only: ['pair-9'] })
    await expect(other).rejects.toThrow('pair-9 is not a node of group pair')
    await client.updateGroup('pair', { only: ['pair-2'] })
    const after = await reached(client, 'pair', isAtRest)
    expect(rolesOf(after)).toEqual([
      ['pair-1', 'member', 'active'],
      ['pair-2', 'left', 'terminated'],
      ['pair-3', 'member', 'active'],
    ])
    await client.terminateGroup('pair')
  })

  test('stops at a new node that fails, keeps the old ones, and says why', async () => {
    const { client } = await started()
    await client.launchGroup({ group_id: 'trio', replicas: 3, ...LOCAL })
    await reached(client, 'trio', isActive)
    await client.updateGroup('trio', { envs: { BREAK: 'no such model' } })
    const after = await reached(client, 'trio', isAtRest)
    expect(after).toMatchObject({ status: 'active', active: 3 })
    expect(after.update).toMatchObject({
      ...{ state: 'stopped', replaced: 0, wanted: 3 },
      failure: { node_id: 'trio-4', message: expect.stringContaining('no such model') },
    })
    expect(rolesOf(after).slice(-2)).toEqual([
      ['trio-3', 'member', 'active'],
      ['trio-4', 'rejected', 'failed'],
    ])
    // The next one may go through.
    await client.updateGroup('trio', { max_surge: 3 })
    const done = await reached(
      client,
      'trio',
      (group) => isAtRest(group) && group.update?.generation === 3,
    )
    expect(done.update).toMatchObject({ state: 'done', replaced: 3 })
    await client.terminateGroup('trio')
    const ended = await reached(client, 'trio', ({ ended_at }) => ended_at !== undefined)
    expect(ended.nodes.every(({ node }) => node.status !== 'active')).toBe(true)
    await expect(client.updateGroup('trio')).rejects.toThrow('has been terminated')
  })

  test('gives it more nodes, or less, and replaces none for that', async () => {
    const { client } = await started()
    await client.launchGroup({ group_id: 'duo', replicas: 2, ...LOCAL })
    await reached(client, 'duo', isActive)
    await client.updateGroup('duo', { replicas: 4, max_surge: 2 })
    const more = await reached(client, 'duo', isAtRest)
    expect(more).toMatchObject({ status: 'active', replicas: 4, active: 4 })
    expect(more.update).toMatchObject({ state: 'done', wanted: 0, to_add: 2, added: 2 })
    const ids = ['duo-1', 'duo-2', 'duo-3', 'duo-4']
    expect(rolesOf(more)).toEqual(ids.map((id) => [id, 'member', 'active']))

    // One that does not serve goes first, and then the newest.
    await client.terminateNode('duo-1')
    await reached(client, 'duo', ({ status }) => status === 'degraded')
    await client.updateGroup('duo', { replicas: 2 })
    const less = await reached(client, 'duo', (group) => isAtRest(group) && group.replicas === 2)
    expect(less).toMatchObject({ status: 'active', active: 2, update: { removed: 2 } })
    expect(rolesOf(less)).toEqual([
      ['duo-1', 'left', 'terminated'],
      ['duo-2', 'member', 'active'],
      ['duo-3', 'member', 'active'],
      ['duo-4', 'left', 'terminated'],
    ])

    // With something that is to be different, those that stay are replaced.
    await client.updateGroup('duo', { replicas: 1, envs: { VERSION: '2' } })
    const other = await reached(client, 'duo', (group) => isAtRest(group) && group.replicas === 1)
    expect(other.update).toMatchObject({ state: 'done', wanted: 1, replaced: 1, removed: 1 })
    expect(other).toMatchObject({ status: 'active', active: 1 })

    // New ones that fail are not counted.
    const broken = { replicas: 3, max_surge: 3, envs: { BREAK: 'no such model' } }
    await client.updateGroup('duo', broken)
    const stopped = await reached(client, 'duo', isAtRest)
    expect(stopped).toMatchObject({ status: 'active', replicas: 1, active: 1 })
    expect(stopped.update).toMatchObject({ state: 'stopped', to_add: 2, added: 0 })
    expect(rolesOf(stopped).filter(([, role]) => role === 'rejected')).toHaveLength(3)
    await client.terminateGroup('duo')
  })

  test('is stopped by a termination of the group', async () => {
    const { client } = await started()
    await client.launchGroup({ group_id: 'pair', replicas: 2, ...LOCAL })
    await reached(client, 'pair', isActive)
    await client.updateGroup('pair', { envs: { VERSION: '2' } })
    await client.terminateGroup('pair')
    const ended = await reached(client, 'pair', ({ ended_at }) => ended_at !== undefined)
    expect(ended.update).toMatchObject({
      ...{ state: 'stopped', failure: { message: 'the group was terminated' } },
    })
    expect(ended.nodes.every(({ node }) => node.status === 'terminated')).toBe(true)
  })
})

describe('a server that is killed', () => {
  test.each([0, 15, 40, 90, 200])(
    'while a group is launched launches it once, or not at all: after %i ms',
    async (after) => {
      const first = await started()
      const { dataDir } = first.server
      const request = { group_id: 'trio', replicas: 3, ...LOCAL }
      const once = { idempotencyKey: `key-${after}` }
      const asked = first.client.launchGroup(request, once).catch(() => undefined)
      await new Promise((resolve) => setTimeout(resolve, after))
      await first.server.kill()
      await asked
      const { client } = await started({ dataDir })
      const launched = await client.launchGroup(request, once)
      expect(launched.nodes).toHaveLength(3)
      const group = await reached(client, 'trio', isActive)
      expect(group.nodes).toHaveLength(3)
      // Each has begun its task once.
      const { logs } = await client.searchLogs({ q: 'group:trio "version 1"' })
      expect(logs.map(({ node_id }) => node_id).sort()).toEqual(['trio-1', 'trio-2', 'trio-3'])
      await client.terminateGroup('trio')
      await reached(client, 'trio', ({ ended_at }) => ended_at !== undefined)
    },
  )

  test('while it updates a group goes on with that, and replaces each node once', async () => {
    let { client, server } = await started()
    const { dataDir } = server
    await client.launchGroup({ group_id: 'trio', replicas: 3, ...LOCAL })
    await reached(client, 'trio', isActive)
    await client.updateGroup('trio', { envs: { VERSION: '2' } }, { idempotencyKey: 'update' })
    const stages: ((group: WholeGroup) => boolean)[] = [
      ({ nodes }) => nodes.length === 4,
      ({ update }) => (update?.replaced ?? 0) >= 1,
      ({ update }) => (update?.replaced ?? 0) >= 2,
    ]
    for (const isThere of stages) {
      await reached(client, 'trio', isThere)
      await server.kill()
      ;({ client, server } = await started({ dataDir }))
    }
    await client.updateGroup('trio', { envs: { VERSION: '2' } }, { idempotencyKey: 'update' })
    const after = await reached(client, 'trio', isAtRest)
    expect(after.update).toMatchObject({ state: 'done', replaced: 3, generation: 2 })
    expect(rolesOf(after).map(([, role]) => role)).toEqual([
      ...['left', 'left', 'left', 'member', 'member', 'member'],
    ])
    const { logs } = await client.searchLogs({ q: 'group:trio "version 2"' })
    expect(logs.map(({ node_id }) => node_id).sort()).toEqual(['trio-4', 'trio-5', 'trio-6'])
    await client.terminateGroup('trio')
    await reached(client, 'trio', ({ ended_at }) => ended_at !== undefined)
  }, 240_000)

  test('while it terminates a group forgets none of its nodes', async () => {
    const { client, server } = await started()
    await client.launchGroup({ group_id: 'trio', replicas: 3, ...LOCAL })
    await reached(client, 'trio', isActive)
    await client.terminateGroup('trio')
    await server.kill()
    const next = await started({ dataDir: server.dataDir })
    const ended = await reached(next.client, 'trio', ({ ended_at }) => ended_at !== undefined)
    expect(ended.nodes.every(({ node }) => node.status === 'terminated')).toBe(true)
  })
})
