import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { newNode } from './support/nodes.js'
import { endAll, type RunningServer, startServer, until } from './support/processes.js'
import { rawRequest } from './support/raw-http.js'

let server: RunningServer
let nodeId: string
// The language of queries is loaded by the first of them, which takes longer than leaving.
beforeEach(async () => {
  server = await startServer({ env: { LAUNCHTAIL_MAX_EXPORTS: '2' } })
  nodeId = await newNode(server)
  await server.post(`/admin/nodes/${nodeId}/logs`, { message: 'hello' })
})
afterEach(endAll)

/** More than there are places, so that each place is lost if a few are. */
const MANY = 20

const EXPORT = `/admin/logs/export?${new URLSearchParams({ q: '/he.*o/' })}`

describe.each([
  ['an export', () => [EXPORT]],
  ['a stream of one node', () => [`/admin/nodes/${nodeId}/logs/stream?q=hello`]],
  ['the merged stream', () => ['/admin/logs/stream?q=hello']],
  ['the stream of nodes', () => ['/admin/nodes/stream']],
  // The answers after the first never get the connection, which is the stream's.
  [
    'exports asked for behind a stream',
    () => [`/admin/nodes/${nodeId}/logs/stream`, ...Array(MANY).fill(EXPORT)],
  ],
  [
    'streams asked for behind a stream',
    () => Array(MANY).fill(`/admin/nodes/${nodeId}/logs/stream`),
  ],
])('%s whose reader leaves before it has an answer', (_, paths) => {
  it('keeps no place', async () => {
    const { token } = server
    // It finds request and leave-taking at the same time.
    server.signal('SIGSTOP')
    const requests = paths().map((path) => rawRequest(`GET ${path}`, { 'X-Admin-Token': token }))
    for (let n = 0; n < MANY; n += 1) await askAndLeave(requests.join(''))
    server.signal('SIGCONT')
    await until('an export to be taken', async () => {
      const { status } = await server.fetch(EXPORT, { method: 'HEAD' })
      return status === 200
    })
    await until('every stream to be closed', async () => (await openStreams()) === 0)
    expect(server.output()).not.toMatch(/"level":[45]0/)
  })
})

/** The kernel takes all of it for the server, which is held up. */
async function askAndLeave(requests: string): Promise<void> {
  const { hostname, port } = new URL(server.url)
  const socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  await new Promise((resolve) => socket.write(requests, resolve))
  socket.destroy()
}

async function openStreams(): Promise<number> {
  const metrics = await (await server.fetch('/metrics')).text()
  return Number(/^launchtail_streams (\d+)/m.exec(metrics)?.[1])
}
