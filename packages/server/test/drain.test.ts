import { afterAll, expect, it } from 'vitest'
import { newNode } from './support/nodes.js'
import { endAll, startServer, until } from './support/processes.js'
import { rawConnection, rawRequest } from './support/raw-http.js'
import { openStream } from './support/stream.js'

afterAll(endAll)

it('answers whoever asks on a connection from before while its streams end, and closes it then', async () => {
  const server = await startServer({ env: { LAUNCHTAIL_DRAIN: '3s' } })
  const id = await newNode(server)
  const headers = { 'X-Admin-Token': server.token }
  const path = `/admin/nodes/${id}/logs`
  const streams = await Promise.all(
    Array.from({ length: 20 }, () => openStream(`${server.url}${path}/stream`, headers)),
  )
  const kept = rawConnection(server.url, rawRequest('GET /healthz'))
  await kept.answer()
  server.signal('SIGTERM')
  // Some are still open: they end evenly over three seconds.
  await Promise.race(streams.map(({ ended }) => ended))
  const body = JSON.stringify({ message: 'late' })
  const json = { ...headers, 'Content-Type': 'application/json' }
  kept.send(rawRequest(`POST ${path}`, json, body))
  const { status, headers: told } = await kept.answer(1)
  expect([status, told.connection]).toEqual([202, 'close'])
  await kept.closed()
  await Promise.all(streams.map(({ ended }) => ended))
  await until('the server to have ended', () => server.child.exitCode === 0)
  expect(streams.flatMap((stream) => stream.messages())).toContain('late')
})
