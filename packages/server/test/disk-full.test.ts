import { describe, expect, it } from 'vitest'
import { task } from './support/launching.js'
import { type RunningServer, startServer, until } from './support/processes.js'
import { smallDisk } from './support/small-disk.js'

const TIME = { timeout: 120_000 }

describe('a server whose disk is full', () => {
  it(
    'says so to every request that stores, serves on, and makes room by deleting',
    TIME,
    async ({ skip }) => {
      const disk = await smallDisk()
      if (!disk) skip('this account cannot mount a disk of its own')
      const server = await startServer(disk)
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
        expect([what, seen.filter((status) => ![201, 202, 507].includes(status))]).toEqual([
          what,
          [],
        ])
      }
      expect(statuses.get('create')).toContain(507)
      expect(statuses.get('launch')).toContain(507)
      expect((await server.fetch('/admin/nodes/small/logs')).status).toBe(200)

      const deleted = await server.fetch('/admin/nodes/big', { method: 'DELETE' })
      expect([deleted.status, await deleted.text()]).toEqual([204, ''])
      await until('room for an entry', () => stores(server, 'small'))
      expect((await server.post('/admin/nodes', { node_id: 'after' })).status).toBe(201)
    },
  )

  it('makes room by deleting as often as it is filled again', TIME, async ({ skip }) => {
    const disk = await smallDisk()
    if (!disk) skip('this account cannot mount a disk of its own')
    const server = await startServer(disk)
    await server.post('/admin/nodes', { node_id: 'small' })
    for (let round = 0; round < 5; round += 1) {
      const id = `round-${round}`
      expect([id, (await server.post('/admin/nodes', { node_id: id })).status]).toEqual([id, 201])
      await fill(server, id)
      expect([id, await statusOfDelete(server, id)]).toEqual([id, 204])
      await until('room for an entry', () => stores(server, 'small'))
    }
  })

  it('deletes any number of nodes that free next to nothing', TIME, async ({ skip }) => {
    const disk = await smallDisk()
    if (!disk) skip('this account cannot mount a disk of its own')
    const server = await startServer(disk)
    const ids = Array.from({ length: 25 }, (_, i) => `tiny-${i}`)
    for (const node_id of ids) {
      await server.post('/admin/nodes', { node_id })
      await server.post(`/admin/nodes/${node_id}/logs`, { message: 'm' })
    }
    await server.post('/admin/nodes', { node_id: 'big' })
    for (const id of ids) {
      // Whatever a delete frees is taken at once.
      await fill(server, 'big')
      expect([id, await statusOfDelete(server, id)]).toEqual([id, 204])
    }
    expect(await statusOfDelete(server, 'big')).toBe(204)
    await server.post('/admin/nodes', { node_id: 'after' })
    await until('room for an entry', () => stores(server, 'after'))
  })

  it('still makes room by deleting after a restart', TIME, async ({ skip }) => {
    const disk = await smallDisk()
    if (!disk) skip('this account cannot mount a disk of its own')
    const first = await startServer(disk)
    await first.post('/admin/nodes', { node_id: 'big' })
    await fill(first, 'big')
    await first.kill()
    const server = await startServer(disk)
    await fill(server, 'big')
    expect(await statusOfDelete(server, 'big')).toBe(204)
    expect((await server.post('/admin/nodes', { node_id: 'after' })).status).toBe(201)
    await until('room for an entry', () => stores(server, 'after'))
  })
})

async function statusOfDelete(server: RunningServer, id: string): Promise<number> {
  return (await server.fetch(`/admin/nodes/${id}`, { method: 'DELETE' })).status
}

async function stores(server: RunningServer, id: string): Promise<boolean> {
  return (await server.post(`/admin/nodes/${id}/logs`, { message: filler(8000) })).status === 202
}

/** Sends entries until no more are stored, of any size: first 6 MB in one body. */
async function fill(server: RunningServer, id: string): Promise<void> {
  for (const [count, size] of [
    [100, 60_000],
    [20, 32_000],
    [20, 8000],
    [20, 1000],
    [20, 100],
  ] as const) {
    const entries = Array.from({ length: count }, () => ({ message: filler(size) }))
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
