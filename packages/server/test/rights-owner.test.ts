import { operations, type Reach, type Scope } from '@launchtail/client/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { endAll, type RunningServer, startServer, until } from './support/processes.js'
import { openStream } from './support/stream.js'
import { createToken, withToken } from './support/tokens.js'

const PAGE = 'https://pages.example'
const TASK = JSON.stringify({ run: 'true' })

let server: RunningServer
let alice: ReturnType<typeof withToken>
let token: string

beforeAll(async () => {
  server = await startServer({ env: { LAUNCHTAIL_ORIGINS: PAGE } })
  for (const owner of ['alice', 'bob']) {
    const node = { node_id: `of-${owner}`, provider: 'local', task: TASK, owner }
    expect((await server.post('/admin/nodes/launch', node)).status).toBe(202)
  }
  await until('both to have ended', async () => {
    const answer = await server.fetch('/admin/nodes')
    const { nodes } = (await answer.json()) as { nodes: { status: string }[] }
    return nodes.every(({ status }) => status === 'failed')
  })
  const scopes = ['launch', 'read', 'ingest']
  token = (await createToken(server, { scopes, owner: 'alice' })).token
  alice = withToken(server, token)
})
afterAll(endAll)

const post = (body: object): RequestInit => ({ method: 'POST', body: JSON.stringify(body) })

async function nodeOf(answer: Response): Promise<Record<string, unknown>> {
  expect(answer.status).toBe(202)
  const { node_id } = (await answer.json()) as { node_id: string }
  return (await (await server.fetch(`/admin/nodes/${node_id}`)).json()) as Record<string, unknown>
}

describe('a token that is limited to the launches of an owner', () => {
  it('launches for this owner, whether the request says so or not, and for nobody else', async () => {
    const launch = (more: object) =>
      alice('/admin/nodes/launch', post({ provider: 'local', task: TASK, ...more }))
    expect(await nodeOf(await launch({}))).toMatchObject({ owner: 'alice' })
    expect(await nodeOf(await launch({ owner: 'alice' }))).toMatchObject({ owner: 'alice' })
    const refused = await launch({ owner: 'bob' })
    expect([refused.status, await refused.json()]).toEqual([
      403,
      { error: { message: 'token may not use this: it is limited to launches of alice' } },
    ])
    // Not in place of another one's, either.
    expect((await launch({ node_id: 'of-bob' })).status).toBe(403)
    expect(await nodeOf(await launch({ node_id: 'new-of-alice' }))).toMatchObject({
      owner: 'alice',
    })
  })

  it('launches its own again, and gives them to nobody else', async () => {
    const again = (id: string, change: object) => alice(`/admin/nodes/${id}/relaunch`, post(change))
    expect(await nodeOf(await again('of-alice', {}))).toMatchObject({ owner: 'alice' })
    for (const change of [{ owner: 'bob' }, { owner: null }, { node_id: 'of-bob' }]) {
      expect([change, (await again('of-alice', change)).status]).toEqual([change, 403])
    }
    expect((await again('of-bob', {})).status).toBe(403)
  })

  it('sees the own ones in the list, page by page', async () => {
    const seen: string[] = []
    for (let cursor = ''; ; ) {
      const page = (await (await alice(`/admin/nodes?limit=1${cursor}`)).json()) as {
        nodes: { owner: string; node_id: string }[]
        cursor?: string
      }
      expect(page.nodes.every(({ owner }) => owner === 'alice')).toBe(true)
      seen.push(...page.nodes.map(({ node_id }) => node_id))
      if (page.cursor === undefined) break
      cursor = `&cursor=${page.cursor}`
    }
    expect(seen).toContain('of-alice')
    expect(seen).not.toContain('of-bob')
  })

  it('uses no route on the node of another one’s launch, or on none', async () => {
    const wrong: unknown[] = []
    for (const { method, path, reach } of Object.values<{
      method: string
      path: string
      scope: Scope
      reach?: Reach
    }>(operations)) {
      if (reach !== 'path' && reach !== 'both') continue
      for (const id of ['of-bob', 'nobody']) {
        const init = ['POST', 'PUT'].includes(method) ? { body: '{}' } : {}
        const { status } = await alice(path.replace('{id}', id), { method, ...init })
        if (status !== 403) wrong.push([method, path, id, status])
      }
    }
    expect(wrong).toEqual([])
    const left = (await (await server.fetch('/admin/nodes/of-bob')).json()) as object
    expect(left).toMatchObject({ owner: 'bob' })
  })

  it('reads and searches its own, and refuses what is about all', async () => {
    expect((await alice('/admin/nodes/of-alice/logs')).status).toBe(200)
    expect((await alice('/admin/logs?node=of-alice')).status).toBe(200)
    for (const path of [
      '/admin/logs?node=of-alice,of-bob',
      '/admin/logs',
      '/admin/stats',
      '/admin/groups',
    ]) {
      expect([path, (await alice(path)).status]).toEqual([path, 403])
    }
    const ticket = (node_id: string) =>
      alice('/admin/stream-tickets', post({ node_id, origin: PAGE }))
    expect([(await ticket('of-alice')).status, (await ticket('of-bob')).status]).toEqual([201, 403])
    expect((await alice('/admin/nodes', post({}))).status).toBe(403)
    expect((await alice('/v1/logs', post({}))).status).toBe(403)
  })

  it('follows its own nodes in the stream of all, and hears of no others', async () => {
    const stream = await openStream(`${server.url}/admin/nodes/stream`, { 'X-Admin-Token': token })
    const ready = await stream.event('the beginning', ({ event }) => event === 'ready')
    // A node that changes meanwhile is told once more behind it.
    const before = stream.events.slice(0, stream.events.indexOf(ready))
    const shown = before.filter(({ event }) => event === 'node')
    expect(shown.every(({ data }) => data.owner === 'alice')).toBe(true)
    expect(ready.data).toEqual({ count: shown.length, total: shown.length })
    for (const owner of ['bob', 'alice']) {
      const node = { node_id: `late-of-${owner}`, provider: 'local', task: TASK, owner }
      expect((await server.post('/admin/nodes/launch', node)).status).toBe(202)
    }
    const failed = (id: string) =>
      until('it to end', async () => {
        const node = (await (await server.fetch(`/admin/nodes/${id}`)).json()) as object
        return 'ended_at' in node
      })
    await Promise.all([failed('late-of-bob'), failed('late-of-alice')])
    for (const owner of ['bob', 'alice']) {
      await server.fetch(`/admin/nodes/late-of-${owner}`, { method: 'DELETE' })
    }
    await stream.event('the own end', ({ event, data }) => {
      return event === 'deleted' && data.node_id === 'late-of-alice'
    })
    expect(stream.text()).not.toContain('bob')
    stream.close()
  })

  it('resumes its own streams, and no others, past the framework or not', async () => {
    const url = (id: string) => `${server.url}/admin/nodes/${id}/logs/stream`
    const admin = { 'X-Admin-Token': server.token }
    await server.post('/admin/nodes/launch', {
      ...{ node_id: 'live-of-bob', provider: 'local', owner: 'bob' },
      task: JSON.stringify({ run: 'sleep 60' }),
    })
    const first = await openStream(url('live-of-bob'), admin)
    await first.event('an entry', ({ event }) => event === 'log')
    const headers = { 'Last-Event-ID': first.lastId() }
    const mine = await fetch(url('live-of-bob'), { headers: { ...headers, ...admin } })
    expect(mine.status).toBe(200)
    await mine.body?.cancel()
    const foreign = await fetch(url('live-of-bob'), {
      headers: { ...headers, 'X-Admin-Token': token },
    })
    expect(foreign.status).toBe(403)
  })
})

describe('a token that is limited by labels', () => {
  it('gives its launches these labels beside their own, and uses no others', async () => {
    const made = await createToken(server, { scopes: ['launch', 'read'], labels: { team: 'ml' } })
    const ask = withToken(server, made.token)
    const launch = (labels: object) =>
      ask('/admin/nodes/launch', post({ provider: 'local', task: TASK, labels }))
    const node = await nodeOf(await launch({ run: '7' }))
    expect(node).toMatchObject({ labels: { team: 'ml', run: '7' } })
    expect((await launch({ team: 'web' })).status).toBe(403)
    expect((await ask(`/admin/nodes/${node.node_id}`)).status).toBe(200)
    expect((await ask('/admin/nodes/of-alice')).status).toBe(403)
  })

  it('is shown with them, and cannot have `admin`', async () => {
    const { tokens } = (await (await server.fetch('/admin/tokens')).json()) as { tokens: object[] }
    expect(tokens).toContainEqual(expect.objectContaining({ labels: { team: 'ml' } }))
    expect(tokens).toContainEqual(expect.objectContaining({ owner: 'alice' }))
    const wrong = { name: 'n', scopes: ['admin'], owner: 'alice' }
    expect((await server.post('/admin/tokens', wrong)).status).toBe(400)
  })
})
