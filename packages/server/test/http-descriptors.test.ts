import { readdir } from 'node:fs/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { connectionLimit } from '../src/descriptors.js'
import { endAll, startServer, TOKEN, until } from './support/processes.js'
import { type RawConnection, rawConnection, rawRequest } from './support/raw-http.js'

afterAll(endAll)

const AUTHORIZED = { 'X-Admin-Token': TOKEN }
const JSON_TYPE = { 'Content-Type': 'application/json' }
const BUSY = { error: { message: 'too many connections, try again' } }

describe('a process that may have few descriptors', () => {
  it.each([256, 128])(
    'of %i serves what it has through 300 connections',
    async (limit) => {
      const wrap = ['sh', '-c', `ulimit -n ${limit}; exec "$0" "$@"`]
      const { url, child } = await startServer({ wrap })
      const kept = rawConnection(url, post('/admin/nodes', { node_id: 'n' }))
      expect((await kept.answer()).status).toBe(201)
      const stream = rawConnection(url, rawRequest('GET /admin/nodes/n/logs/stream', AUTHORIZED))
      await until('the stream', () => stream.text().includes(': cursor'))

      const idle = Array.from({ length: 300 }, () => rawConnection(url))
      const open = () => idle.filter((connection) => !connection.isClosed()).length
      await until(
        'those beyond the limit to be closed',
        () => open() <= connectionLimit(limit) + 16,
      )
      expect(open()).toBeGreaterThanOrEqual(connectionLimit(limit) - 2)
      expect(await openDescriptors(child.pid)).toBeLessThan(limit - 10)

      await answers(url, kept)
      await until('the entry on the stream', () => stream.text().includes('in the crowd'))
      // A local launch needs descriptors for its process and its files.
      kept.send(post('/admin/nodes/launch', LAUNCH))
      expect((await kept.answer(2)).status).toBe(202)
      await until('the launch to end', async () => {
        const at = kept.answers().length
        kept.send(rawRequest('GET /admin/nodes/launched/logs?tail=all', AUTHORIZED))
        return (await kept.answer(at)).body.includes('launched in the crowd')
      })

      for (const connection of idle) connection.end()
      await until('a new connection to be served', async () => (await ask(url)).status === 200)
      expect(stream.isClosed()).toBe(false)
    },
    60_000,
  )

  it('gives connections all it has, less a reserve', () => {
    const limits = [64, 128, 256, 1024, 20_000, 1_048_576]
    expect(limits.map(connectionLimit)).toEqual([8, 64, 128, 896, 18_976, 1_047_552])
  })
})

const LAUNCH = {
  node_id: 'launched',
  provider: 'local',
  region: 'here',
  gpu: 'none',
  model: 'none',
  task: 'run: echo launched in the crowd',
}

/** While no connection is free: probes are answered, others are told to wait, an entry is stored. */
async function answers(url: string, kept: RawConnection): Promise<void> {
  for (const path of ['/healthz', '/readyz', '/healthz']) {
    const answer = await ask(url, `GET ${path}`)
    expect([path, answer.status, answer.headers.connection]).toEqual([path, 200, 'close'])
  }
  const refused = await ask(url)
  expect([refused.status, refused.json()]).toEqual([503, BUSY])
  expect(refused.headers).toMatchObject({ 'retry-after': '1', connection: 'close' })
  kept.send(post('/admin/nodes/n/logs', { message: 'in the crowd' }))
  expect((await kept.answer(1)).status).toBe(202)
}

async function ask(url: string, line = 'GET /admin/nodes') {
  const connection = rawConnection(url, rawRequest(line, AUTHORIZED))
  const answer = await connection.answer()
  connection.end()
  return answer
}

function post(path: string, body: object): string {
  return rawRequest(`POST ${path}`, { ...AUTHORIZED, ...JSON_TYPE }, JSON.stringify(body))
}

async function openDescriptors(pid: number | undefined): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`)).length
}
