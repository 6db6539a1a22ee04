import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, it, onTestFinished } from 'vitest'
import { listed, newNode } from './support/nodes.js'
import { end, type RunningServer, startServer, until } from './support/processes.js'
import { openStream } from './support/stream.js'

/** Whether one process may watch another one here. */
const CAN_TRACE = (() => {
  try {
    execFileSync('strace', ['-qq', '-o', '/dev/null', 'true'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})()

/** From now on, until the returned function is called, these calls of the server go wrong. */
async function inject(server: RunningServer, fault: string): Promise<() => Promise<void>> {
  const options = ['-f', '-p', String(server.child.pid), '-o', '/dev/null', '-e', `inject=${fault}`]
  const tracer: ChildProcess = spawn('strace', options, { stdio: ['ignore', 'ignore', 'pipe'] })
  onTestFinished(() => end(tracer))
  let said = ''
  tracer.stderr?.on('data', (chunk) => {
    said += chunk
  })
  await until('strace to be attached', () => said.includes('attached'))
  return async () => {
    tracer.kill('SIGINT')
    await once(tracer, 'exit')
  }
}

const append = async (server: RunningServer, id: string, message: string): Promise<number> => {
  const answer = await server.post(`/admin/nodes/${id}/logs`, { message })
  await answer.arrayBuffer()
  return answer.status
}

it.runIf(CAN_TRACE)(
  'while the disk cannot be written to, nothing is acknowledged, and reading goes on',
  async () => {
    const server = await startServer()
    const id = await newNode(server)
    expect(await append(server, id, 'before')).toBe(202)
    const heal = await inject(server, 'pwrite64,fdatasync,fsync,ftruncate:error=EIO')
    for (let n = 0; n < 5; n += 1) expect(await append(server, id, `refused ${n}`)).toBe(503)
    expect(await listed(server, id)).toEqual(['before'])
    await heal()
    await until('an entry to be taken', async () => (await append(server, id, 'after')) === 202)
    expect(await listed(server, id)).toEqual(['before', 'after'])
  },
)

it.runIf(CAN_TRACE)('a disk that is slow to flush holds up no heartbeat for long', async () => {
  const server = await startServer({ env: { LAUNCHTAIL_HEARTBEAT: '200ms' } })
  const id = await newNode(server)
  const stream = await openStream(`${server.url}/admin/nodes/${id}/logs/stream`, {
    'X-Admin-Token': server.token,
  })
  const heal = await inject(server, 'fdatasync,fsync:delay_enter=300000')
  const text = 'x'.repeat(60_000)
  // More than a journal takes, so that it is flushed on the way.
  for (let n = 0; n < 100; n += 1) expect(await append(server, id, text)).toBe(202)
  const beats = stream.comments.length
  await heal()
  await until('all entries', () => stream.messages().length === 100)
  expect(beats).toBeGreaterThan(1)
})
