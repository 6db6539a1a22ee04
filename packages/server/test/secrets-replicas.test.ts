import { afterAll, expect, it } from 'vitest'
import { listed, newNode } from './support/nodes.js'
import { endAll, startRedis, startServer } from './support/processes.js'
import { random } from './support/secrets.js'

afterAll(endAll)

const ROWS = [...Array.from({ length: 3 }, (_, row) => `${random(60)}${row}aBc`), 'Zm9vYmFyMQ==']
const KEY = ['-----BEGIN RSA PRIVATE KEY-----', ...ROWS, '-----END RSA PRIVATE KEY-----']

it('a private key that is sent to two servers in turn, as one entry a line, is masked', async () => {
  const redis = await startRedis(['--appendonly', 'no'])
  const env = { REDIS_URL: redis.url }
  const servers = await Promise.all([startServer({ env }), startServer({ env })])
  const id = await newNode(servers[0])
  // Each row, the last one too, is sent to either of them.
  for (const first of [0, 1]) {
    for (const [at, message] of KEY.entries()) {
      const server = servers[(first + at) % 2] as (typeof servers)[0]
      expect((await server.post(`/admin/nodes/${id}/logs`, { message })).status).toBe(202)
    }
  }
  // This one has seen the end of both.
  for (const message of ['Done', 'ready', 'OK12 is fine']) {
    await servers[0].post(`/admin/nodes/${id}/logs`, { message })
  }
  const log = await listed(servers[0], id)
  for (const row of ROWS) expect(log.join('\n')).not.toContain(row)
  expect(log.slice(-3)).toEqual(['Done', 'ready', 'OK12 is fine'])
})
