import { createClient, type NodeRecord } from '@launchtail/client'
import { operations } from '@launchtail/client/protocol'
import { expect, it } from 'vitest'
import { type Answer, call } from '../src/call.js'

const UUID = '2f6c1f0e-8f0b-4a7b-9a54-0f4f5f4f3d11'

it('calls every operation by the method and the path that its definition has', async () => {
  const requests: string[] = []
  const fetch: typeof globalThis.fetch = async (url, { method = 'GET' } = {}) => {
    requests.push(`${method} ${new URL(String(url)).pathname}`)
    return new Response(null, { status: 204 })
  }
  const client = createClient({ baseUrl: 'http://localhost', token: 't', fetch })
  const answers = [
    client.stream('a/b').next(),
    client.getNodeLogs('a/b'),
    client.getNodeLogOffset('a/b', UUID),
    client.appendNodeLogs('a/b', { message: 'm' }),
    client.exportNodeLogs('a/b'),
    client.launchNode({ provider: 'local' }),
    client.planLaunch({ provider: 'local' }),
    client.createNode(),
    client.listNodes(),
    client.streamNodes().next(),
    client.getSkyPilot(),
    client.searchLogs(),
    client.exportLogs(),
    client.streamLogs().next(),
    client.countLogs(),
    client.explainQuery(),
    client.getStats(),
    client.getNode('a/b'),
    client.getNodeLaunch('a/b'),
    client.listNodeLaunches('a/b'),
    client.relaunchNode('a/b'),
    client.nameCause('a/b', { index: 0 }),
    client.takeBackCause('a/b'),
    client.setNodeStatus('a/b', { status: 'active' }),
    client.beatNode('a/b'),
    client.keepNode('a/b', { for: '1h' }),
    client.terminateNode('a/b'),
    client.deleteNode('a/b'),
    client.launchGroup({ provider: 'local', replicas: 3 }),
    client.listGroups(),
    client.getGroup('a/b'),
    client.streamGroup('a/b').next(),
    client.updateGroup('a/b'),
    client.terminateGroup('a/b'),
    client.deleteGroup('a/b'),
    client.listWebhooks(),
    client.createWebhook({ url: 'https://a.example/' }),
    client.getWebhook('a/b'),
    client.changeWebhook('a/b', {}),
    client.deleteWebhook('a/b'),
    client.testWebhook('a/b'),
    client.rotateWebhook('a/b'),
    client.listDeliveries('a/b'),
    client.redeliverSince('a/b', { since: '2026-01-01T00:00:00Z' }),
    client.redeliver('a/b'),
    client.createStreamTicket({ node_id: 'n', origin: 'https://a.example' }),
    client.revokeStreamTickets({ node_id: 'n' }),
    client.listTokens(),
    client.createToken({ name: 'n', scopes: ['read'] }),
    client.revokeToken('a/b'),
    client.listAudit(),
  ]
  await Promise.allSettled(answers)
  const defined = Object.values(operations).map(
    ({ method, path }) => `${method} ${path.replace('{id}', 'a%2Fb')}`,
  )
  expect(requests.sort()).toEqual(defined.sort())
})

it('writes a query as the definition reads it', async () => {
  const urls: URL[] = []
  const fetch: typeof globalThis.fetch = async (url) => {
    urls.push(new URL(String(url)))
    return new Response('{}')
  }
  const client = createClient({ baseUrl: 'http://localhost', token: 't', fetch })
  await client.exportNodeLogs('n', {
    tail: 'all',
    since: '2024-01-15T10:30:00+01:00',
    level: ['error', 'debug'],
    format: 'csv',
    raw: true,
  })
  await client.getStats({ by: ['gpu', 'model'], last: 3 })
  const [exported, stats] = urls.map(({ searchParams }) => Object.fromEntries(searchParams))
  expect(operations.exportNodeLogs.query.parse(exported)).toEqual({
    tail: Number.POSITIVE_INFINITY,
    since: { seconds: Date.parse('2024-01-15T09:30:00Z') / 1000, nanos: 0 },
    level: new Set(['error', 'debug']),
    format: 'csv',
    raw: true,
    order: 'asc',
    bom: false,
    // By which the client knows that all has come.
    trailer: true,
    gzip: false,
  })
  expect(operations.getStats.query.parse(stats)).toEqual({ by: ['gpu', 'model'], last: 3 })
})

/** Only compiled: each line marked as an error would compile if the client did not follow. */
export async function refusedByTheCompiler(connection: Parameters<typeof call>[0]) {
  const client = createClient({ baseUrl: '', token: '' })
  const reply = await call(connection, 'getNodeLogs', { id: 'n', query: { tail: 'all' } })
  reply.header('Log-Cursor')
  // @ts-expect-error no such operation
  await call(connection, 'getNodeLog', { id: 'n' })
  // @ts-expect-error a path without its node
  await call(connection, 'getNode', {})
  // @ts-expect-error a node that the path has no place for
  await call(connection, 'listNodes', { id: 'n' })
  // @ts-expect-error a parameter of another type
  await call(connection, 'getNodeLogs', { id: 'n', query: { tail: 'some' } })
  // @ts-expect-error a parameter that the operation does not have
  await call(connection, 'getNodeLogs', { id: 'n', query: { limit: 3 } })
  // @ts-expect-error a query that the operation does not have
  await call(connection, 'getNode', { id: 'n', query: { tail: 3 } })
  // @ts-expect-error a launch without its body
  await call(connection, 'launchNode', {})
  // @ts-expect-error a body without a field that is required
  await call(connection, 'launchNode', { body: { gpu: 'h100' } })
  // @ts-expect-error a body of a type that the operation does not read
  await call(connection, 'appendNodeLogs', { id: 'n', upload: { type: 'text/csv', data: '' } })
  // @ts-expect-error a request header that the operation does not read
  await call(connection, 'getNode', { id: 'n', headers: { 'Idempotency-Key': 'k' } })
  // @ts-expect-error an answer's header that the operation does not send
  reply.header('Log-Offset')
  // @ts-expect-error an answer's field that the definition does not have
  ;(await reply.json()).entries
  // @ts-expect-error the same, of the client's method
  ;(await client.getNodeLogs('n')).entries
  // @ts-expect-error an option that the definition does not have
  await client.listNodes({ tail: 3 })

  const answer: NodeRecord = await client.getNode('n')
  // @ts-expect-error the answer of another operation
  const other: Answer<'getStats'> = answer
  return other
}
