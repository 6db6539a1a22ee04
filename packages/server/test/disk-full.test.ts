import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { task } from './support/launching.js'
import { type RunningServer, startServer, temporaryFolder, until } from './support/processes.js'

/** What a command is started with to have a small disk of its own at that folder. */
function onSmallDisk(folder: string, size = '24m'): string[] {
  const mount = `mount -t tmpfs -o size=${size} tmpfs '${folder}' && exec "$@"`
  return ['unshare', '-Urm', 'sh', '-c', mount, 'sh']
}

function canMount(folder: string): boolean {
  const [file = '', ...args] = [...onSmallDisk(folder), 'true']
  try {
    execFileSync(file, args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

describe('a server whose disk is full', () => {
  it('says so to every request that stores, serves on, and makes room by deleting', {
    timeout: 120_000,
  }, async ({ skip }) => {
    const dataDir = await temporaryFolder()
    if (!canMount(dataDir)) skip('this account cannot mount a disk of its own')
    const server = await startServer({ dataDir, wrap: onSmallDisk(dataDir) })
    for (const node_id of ['big', 'small']) await server.post('/admin/nodes', { node_id })
    await server.post('/admin/nodes/small/logs', { message: 'before' })
    await fill(server, 'big')

    const statuses = new Map<string, Set<number>>()
    const note = (what: string, { status }: Response) => {
      statuses.set(what, (statuses.get(what) ?? new Set()).add(status))
    }
    // Each may still find some room; what counts is that it says so when it does not.
    for (let round = 0; round < 60; round += 1) {
      const labels = Object.fromEntries(
        Array.from({ length: 40 }, (_, i) => [`l${i}`, filler(250)]),
      )
      note('create', await server.post('/admin/nodes', { node_id: `n${round}`, labels }))
      const run = `# ${filler(60_000)}\nexit 1`
      note(
        'launch',
        await server.post('/admin/nodes/launch', { provider: 'local', task: task({ run }) }),
      )
      note('terminate', await server.post('/admin/nodes/small/terminate', {}))
      note('append', await server.post('/admin/nodes/small/logs', { message: filler(8000) }))
    }
    for (const what of ['create', 'launch', 'terminate', 'append']) {
      const seen = [...(statuses.get(what) ?? [])]
      expect([what, seen.filter((status) => ![201, 202, 507].includes(status))]).toEqual([what, []])
    }
    expect(statuses.get('create')).toContain(507)
    expect(statuses.get('launch')).toContain(507)
    expect((await server.fetch('/admin/nodes/small/logs')).status).toBe(200)

    const deleted = await server.fetch('/admin/nodes/big', { method: 'DELETE' })
    expect([deleted.status, await deleted.text()]).toEqual([204, ''])
    await until('room for an entry', async () => {
      return (
        (await server.post('/admin/nodes/small/logs', { message: filler(8000) })).status === 202
      )
    })
    expect((await server.post('/admin/nodes', { node_id: 'after' })).status).toBe(201)
  })
})

async function fill(server: RunningServer, id: string): Promise<void> {
  for (const size of [32_000, 32_000, 8000, 1000, 100]) {
    const entries = Array.from({ length: 20 }, () => ({ message: filler(size) }))
    for (let status = 202; status === 202; ) {
      const answer = await server.post(`/admin/nodes/${id}/logs`, entries)
      status = answer.status
      if (status !== 202) expect(status).toBe(507)
    }
  }
}

function filler(length: number): string {
  return 'x'.repeat(length)
}
