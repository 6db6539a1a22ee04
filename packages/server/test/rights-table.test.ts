import { SCOPES, type Scope } from '@launchtail/client/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { endAll, type RunningServer, startServer } from './support/processes.js'
import { createToken, withToken } from './support/tokens.js'

const PAGE = 'https://pages.example'
const OWN = 'own-1'
const FOREIGN = 'foreign-1'

interface Described {
  readonly operationId: string
  readonly security: readonly { readonly adminToken: readonly [Scope] }[]
  readonly 'x-launchtail-reach'?: string
  readonly requestBody?: object
}

interface Route extends Described {
  readonly method: string
  readonly path: string
  readonly scope: Scope
  readonly reach: string | undefined
}

let server: RunningServer
let routes: Route[]
/** By right: tokens for all nodes, and for one. */
const all = new Map<Scope, string>()
const limited = new Map<Scope, string>()

beforeAll(async () => {
  server = await startServer({ env: { LAUNCHTAIL_ORIGINS: PAGE } })
  const { paths } = (await (await server.fetch('/openapi.json')).json()) as {
    paths: Record<string, Record<string, Described>>
  }
  routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({
      ...described,
      method: method.toUpperCase(),
      path,
      scope: described.security[0]?.adminToken[0] as Scope,
      reach: described['x-launchtail-reach'],
    })),
  )
  for (const scope of SCOPES) {
    all.set(scope, (await createToken(server, { scopes: [scope] })).token)
    if (scope === 'admin') continue
    limited.set(scope, (await createToken(server, { scopes: [scope], nodes: ['own-*'] })).token)
  }
})
afterAll(endAll)

/** Bodies that are accepted, of operations that look at the node in it, or do no harm. */
function bodyFor({ operationId }: Route, node_id: string): object {
  const bodies: Record<string, object> = {
    launchNode: { node_id, provider: 'local', task: '{"run":"true"}' },
    planLaunch: { provider: 'local', task: '{"run":"true"}' },
    relaunchNode: { node_id },
    createNode: { node_id },
    appendNodeLogs: { message: 'm' },
    createStreamTicket: { node_id, origin: PAGE },
  }
  return bodies[operationId] ?? {}
}

/** What a request is answered; its body is read only if it is a refusal. */
async function ask(token: string, route: Route, node: string): Promise<[number, string]> {
  // It may have been deleted by the request before.
  await server.post('/admin/nodes', { node_id: node })
  const away = new AbortController()
  const query = route.reach === 'query' ? `?node=${node}` : ''
  const answer = await withToken(server, token)(`${route.path.replace('{id}', node)}${query}`, {
    method: route.method,
    signal: away.signal,
    ...(route.requestBody && { body: JSON.stringify(bodyFor(route, node)) }),
  })
  const isRefusal = answer.status >= 400 && route.method !== 'HEAD'
  const { error } = isRefusal
    ? ((await answer.json()) as { error: { message: string } })
    : { error: { message: '' } }
  away.abort()
  return [answer.status, error.message]
}

const isAllowed = ([status]: [number, string]) => status !== 401 && status !== 403
const named = ({ method, path }: Route) => `${method} ${path}`

describe('every route of the OpenAPI document', () => {
  it('needs one of the rights', () => {
    expect(routes.length).toBeGreaterThan(45)
    expect(routes.filter(({ scope }) => !SCOPES.includes(scope)).map(named)).toEqual([])
    // What changes something needs more than `read`, except what only reads by a body.
    const written = routes.filter(({ method, scope }) => method !== 'GET' && scope === 'read')
    expect(written.map(({ operationId }) => operationId).sort()).toEqual([
      'createStreamTicket',
      'revokeStreamTickets',
    ])
  })

  it.each(SCOPES)('with the right %s is open to tokens with it, and to no other', async (scope) => {
    const wrong: unknown[] = []
    for (const route of routes) {
      const answer = await ask(all.get(scope) as string, route, OWN)
      const expected = scope === 'admin' || scope === route.scope
      const says = route.method === 'HEAD' || answer[1].includes(`the right '${route.scope}'`)
      if (isAllowed(answer) !== expected || (!expected && !says)) wrong.push([named(route), answer])
    }
    expect(wrong).toEqual([])
  })

  it.each(SCOPES.filter((scope) => scope !== 'admin'))(
    'is open to a token with %s that is limited to nodes for these alone',
    async (scope) => {
      const wrong: unknown[] = []
      for (const route of routes) {
        const reachable = route.scope === scope && route.reach !== undefined
        const ofNodes = !['any', 'shown'].includes(route.reach ?? '')
        for (const node of [OWN, FOREIGN]) {
          const answer = await ask(limited.get(scope) as string, route, node)
          const expected = reachable && (node === OWN || !ofNodes)
          if (isAllowed(answer) !== expected) wrong.push([named(route), node, answer])
        }
      }
      expect(wrong).toEqual([])
    },
  )

  it('is in the audit log wherever it was refused', async () => {
    const { token, token_id } = await createToken(server, { scopes: ['ingest'] })
    const refused = routes.filter(({ scope }) => scope !== 'ingest')
    for (const route of refused) expect((await ask(token, route, OWN))[0]).toBe(403)
    const answer = await server.fetch(`/admin/audit?token=${token_id}&refused=true&limit=1000`)
    const { audit } = (await answer.json()) as { audit: { operation: string; status: number }[] }
    expect(audit.every(({ status }) => status === 403)).toBe(true)
    const operations = audit.map(({ operation }) => operation)
    expect(operations.sort()).toEqual(refused.map(({ operationId }) => operationId).sort())
  })

  it('takes the nodes of its parameters and its body into account, not only that of its path', async () => {
    const by = (name: string) => routes.find((route) => route.operationId === name) as Route
    const launch = limited.get('launch') as string
    const relaunch = { ...by('relaunchNode'), path: `/admin/nodes/${OWN}/relaunch` }
    expect((await ask(launch, relaunch, FOREIGN))[0]).toBe(403)
    const read = withToken(server, limited.get('read') as string)
    const both = await read(`/admin/logs?node=${OWN},${FOREIGN}`)
    expect(both.status).toBe(403)
    expect((await read('/admin/logs')).status).toBe(403)
    // The id is decoded once, before it is looked at.
    expect((await read(`/admin/nodes/own-%2e%2e%2f${FOREIGN}/logs`)).status).toBe(404)
  })
})

describe('OTLP', () => {
  const record = (node: string) => ({
    resourceLogs: [
      {
        resource: {
          attributes: [{ key: 'launchtail.node_id', value: { stringValue: node } }],
        },
        scopeLogs: [{ logRecords: [{ body: { stringValue: 'by otlp' } }] }],
      },
    ],
  })
  const send = (token: string, node: string, path = '/v1/logs') =>
    withToken(server, token)(path, { method: 'POST', body: JSON.stringify(record(node)) })

  it.each(['/v1/logs', '/admin/otlp/v1/logs'])('at %s needs `ingest`', async (path) => {
    await server.post('/admin/nodes', { node_id: OWN })
    for (const scope of SCOPES) {
      const { status } = await send(all.get(scope) as string, OWN, path)
      expect([scope, status]).toEqual([scope, ['admin', 'ingest'].includes(scope) ? 200 : 403])
    }
  })

  it('rejects the records of nodes that the token is not for', async () => {
    await server.post('/admin/nodes', { node_id: FOREIGN })
    const token = limited.get('ingest') as string
    const own = await (await send(token, OWN)).json()
    const foreign = await (await send(token, FOREIGN)).json()
    expect([own, foreign]).toMatchObject([{}, { partialSuccess: { rejectedLogRecords: '1' } }])
    const logs = await (await server.fetch(`/admin/nodes/${FOREIGN}/logs`)).text()
    expect(logs).not.toContain('by otlp')
  })
})
