import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { task } from './support/launching.js'
import {
  endAll,
  type RunningServer,
  startServer,
  temporaryFolder,
  until,
} from './support/processes.js'
import { seededRandom } from './support/seed.js'

const ROUNDS = 20
const random = seededRandom('delete and launch')

let server: RunningServer
beforeAll(async () => {
  server = await startServer({ env: { LAUNCHTAIL_LOG_LEVEL: 'error' } })
})
afterAll(endAll)

describe('a node that is deleted and launched at once', () => {
  it(`is never both forgotten and running, in ${ROUNDS} rounds`, { timeout: 120_000 }, async () => {
    const pids = join(await temporaryFolder(), 'pids')
    const outcomes = new Set<string>()
    for (let round = 0; round < ROUNDS; round += 1) {
      const id = `round-${round}`
      // A launch that is over leaves a folder, and to remove that takes a moment.
      await launch(id, 'true')
      await until(`${id} to end`, async () => (await statusOf(id)) === 'failed')
      const [deleted, launched] = await Promise.all([
        sleep(random() * 6).then(() => server.fetch(`/admin/nodes/${id}`, { method: 'DELETE' })),
        sleep(random() * 6).then(() => launch(id, `echo $$ >> ${pids}; exec sleep 300`)),
      ])
      outcomes.add(`${deleted.status} ${launched.status}`)
      expect(launched.status).toBe(202)
      expect((await server.fetch(`/admin/nodes/${id}`)).status).toBe(200)
      await terminateAndDelete(id)
    }
    // Whoever comes first decides whether there was still anything to delete.
    expect([...outcomes].filter((outcome) => !/^(204|409) 202$/.test(outcome))).toEqual([])
    const started = (await readFile(pids, 'utf8').catch(() => '')).split('\n').filter(Boolean)
    await until('every process to end', () => started.every((pid) => !isAlive(Number(pid))))
  })

  it('leaves nothing when it is read while it is deleted', async () => {
    for (let round = 0; round < 20; round += 1) {
      const id = `read-${round}`
      await server.post('/admin/nodes', { node_id: id })
      await server.post(`/admin/nodes/${id}/logs`, { message: 'hello' })
      const read = () => server.fetch(`/admin/nodes/${id}`)
      const removal = server.fetch(`/admin/nodes/${id}`, { method: 'DELETE' })
      await Promise.all([removal, read(), read(), read(), read()])
      expect([round, (await read()).status]).toEqual([round, 404])
    }
  })
})

function launch(id: string, run: string): Promise<Response> {
  const body = { node_id: id, provider: 'local', task: task({ run }) }
  return server.post('/admin/nodes/launch', body)
}

async function statusOf(id: string): Promise<string> {
  return ((await (await server.fetch(`/admin/nodes/${id}`)).json()) as { status: string }).status
}

async function terminateAndDelete(id: string): Promise<void> {
  const answer = await server.fetch(`/admin/nodes/${id}/terminate`, { method: 'POST' })
  expect(answer.status).toBe(202)
  await until(`${id} to be deleted`, async () => {
    const { status } = await server.fetch(`/admin/nodes/${id}`, { method: 'DELETE' })
    return status === 204
  })
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
