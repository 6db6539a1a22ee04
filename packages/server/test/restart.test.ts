import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { NodeRecord } from '@launchtail/client/protocol'
import { expect, it } from 'vitest'
import { type RunningServer, startServer, temporaryFolder, until } from './support/processes.js'
import { openStream } from './support/stream.js'

/** The lines at which the task waits for a file of that name: there the server dies. */
const STOPS = [3, 15, 33]

/** Counts to 40 in its setup, then serves. Where it waits nowhere, that takes some two seconds. */
const task = (folder?: string) => `
setup: |
  for i in $(seq 1 40); do
    echo "setup line $i"; sleep 0.03
    case $i in ${STOPS.join('|')}) ${folder ? `until [ -e ${folder}/$i ]; do sleep 0.02; done` : ':'};; esac
  done
run: |
  exec node -e "
    console.log('loading');
    setTimeout(() => require('http').createServer((q, s) => s.end('ok')).listen(process.env.PORT,
      '127.0.0.1', () => console.log('Application startup complete.')), 300)"
`

it('a launch goes on through kill -9 of the server, and a reader resumes to its end', async () => {
  const dataDir = await temporaryFolder()
  const folder = await temporaryFolder()
  let server = await startServer({ dataDir })
  const launched = await server.post('/admin/nodes/launch', {
    provider: 'local',
    task: task(folder),
  })
  expect(launched.status).toBe(202)
  const { node_id: id } = (await launched.json()) as { node_id: string }
  const seen: { id: string; event: string; message: unknown }[] = []
  let lastId = ''
  // Three times while it is installed, once while it is watched to the end.
  for (const stop of [...STOPS, undefined]) {
    const stream = await follow(server, id, lastId)
    if (stop) {
      await stream.event(`line ${stop}`, ({ data }) => data.message === `setup line ${stop}`)
      writeFileSync(join(folder, String(stop)), '')
      await server.kill()
    } else await stream.event('done', ({ event }) => event === 'done')
    await stream.ended
    for (const event of stream.events) {
      seen.push({ id: event.id, event: event.event, message: event.data.message })
    }
    lastId = stream.lastId()
    if (stop) server = await startServer({ dataDir })
  }

  expect(new Set(seen.map((event) => event.id)).size).toBe(seen.length)
  const lines = seen.filter(({ event }) => event === 'log').map(({ message }) => message)
  const setup = lines.filter((message) => String(message).startsWith('setup line'))
  expect(setup).toEqual(Array.from({ length: 40 }, (_, i) => `setup line ${i + 1}`))
  const stored = await server.fetch(`/admin/nodes/${id}/logs?tail=all`)
  const { logs } = (await stored.json()) as { logs: { message: string }[] }
  expect(lines).toEqual(logs.slice(0, lines.length).map(({ message }) => message))

  const node = (await (await server.fetch(`/admin/nodes/${id}`)).json()) as NodeRecord
  expect(node).toMatchObject({ status: 'active', progress: 100 })
  const answer = await fetch(`${node.endpoint}/health`)
  expect(await answer.text()).toBe('ok')

  expect((await server.post(`/admin/nodes/${id}/terminate`, '')).status).toBe(202)
  await until('the node to be gone', () =>
    fetch(`${node.endpoint}/health`).then(
      () => false,
      () => true,
    ),
  )
}, 60_000)

async function follow(server: RunningServer, id: string, lastId: string) {
  const headers = { 'X-Admin-Token': server.token, ...(lastId && { 'Last-Event-ID': lastId }) }
  return openStream(`${server.url}/admin/nodes/${id}/logs/stream?tail=all`, headers)
}

it('a relaunch of a node that failed begins a new launch in the same log', async () => {
  const server = await startServer()
  const launch = (run: string) =>
    server.post('/admin/nodes/launch', { node_id: 'again', provider: 'local', task: run })
  const record = async () => (await (await server.fetch('/admin/nodes/again')).json()) as NodeRecord
  expect((await launch('run: exit 3')).status).toBe(202)
  await until('the first to fail', async () => (await record()).status === 'failed')
  expect((await record()).failure?.message).toContain('exit code 3')
  expect((await launch(task())).status).toBe(202)
  await until('the second to be active', async () => (await record()).status === 'active')
  expect(await record()).toMatchObject({ progress: 100, phase: 'active' })
  expect((await record()).failure).toBeUndefined()
  await server.post('/admin/nodes/again/terminate', '')
  await until('it to be terminated', async () => (await record()).status === 'terminated')
}, 60_000)
