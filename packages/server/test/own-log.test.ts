import { expect, it } from 'vitest'
import { redisCli, startRedis, startServer, until } from './support/processes.js'
import { openStream } from './support/stream.js'

const HOSTILE = 'a\n{"level":60,"msg":"forged"}\r\u001b[2J\u2028b'

it('is one line of JSON, whatever a request holds', async () => {
  const redis = await startRedis()
  const env = { REDIS_URL: redis.url, LAUNCHTAIL_LOG_LEVEL: 'debug' }
  const server = await startServer({ env })
  const path = encodeURIComponent(HOSTILE)
  await server.fetch(`/admin/nodes/${path}`)
  await server.fetch(`/admin/logs?q=${path}`)
  await server
    .fetch(`/metrics?${path}`, { headers: { 'User-Agent': 'x\u001b[2J' } })
    .catch(() => {})
  // What cannot be read of a node is told with the node's name, and Redis's own words.
  await redisCli(redis.port, ['SET', 'node_logs:forged', HOSTILE])
  const stream = await openStream(`${server.url}/admin/nodes/forged/logs/stream`, {
    'X-Admin-Token': server.token,
  })
  stream.close()
  await server.post('/admin/nodes/forged/logs', { message: HOSTILE })
  await until('something to be logged', () => server.output().includes('"level":'))
  const lines = server.output().trim().split('\n')
  const records = lines.slice(lines.findIndex((line) => line.startsWith('{')))
  expect(records.length).toBeGreaterThan(0)
  for (const line of records.filter((line) => line.startsWith('{'))) {
    expect(() => JSON.parse(line)).not.toThrow()
    expect(JSON.parse(line).msg).not.toBe('forged')
  }
  expect(server.output()).not.toContain('\u001b[2J')
})
