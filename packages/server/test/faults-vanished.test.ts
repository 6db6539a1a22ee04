import { spawn } from 'node:child_process'
import { expect, it, onTestFinished } from 'vitest'
import { freePort } from '../src/launch/local/port.js'
import { ALONE, canBeAlone, on, runOn, startNeighbour } from './support/namespaces.js'
import { startServer, TOKEN, until } from './support/processes.js'

const HEADERS = JSON.stringify({ 'X-Admin-Token': TOKEN, 'Content-Type': 'application/json' })

/** Prints a stream as it comes. */
const READ = `fetch(process.argv[1], { headers: ${HEADERS} }).then(async ({ body }) => {
  for await (const bytes of body) process.stdout.write(bytes)
})`
/** Prints an answer. */
const ASK = `fetch(process.argv[1], { headers: ${HEADERS}, ...JSON.parse(process.argv[2] ?? '{}') })
  .then((answer) => answer.text()).then((text) => process.stdout.write(text))`

it('lets readers go whose machine is gone without a word, and nobody else', {
  timeout: 120_000,
}, async ({ skip }) => {
  if (!canBeAlone()) skip('this account cannot make network namespaces here')
  // An address is told in another way where the server listens on both kinds.
  await Promise.all([
    peersVanish('0.0.0.0', ['10.9.0.1']),
    peersVanish('::', ['10.9.0.1', '[fd09::1]']),
  ])
})

async function peersVanish(host: string, addresses: readonly string[]): Promise<void> {
  const port = await freePort()
  const server = await startServer({
    port,
    wrap: ALONE,
    env: { HOST: host, LAUNCHTAIL_HEARTBEAT: '1s', LAUNCHTAIL_LOG_LEVEL: 'error' },
  })
  const pid = server.child.pid as number
  const ask = (path: string, init: object = {}) =>
    runOn(pid, process.execPath, '-e', ASK, `http://127.0.0.1:${port}${path}`, JSON.stringify(init))
  const streams = () => Number(/^launchtail_streams (\d+)/m.exec(ask('/metrics'))?.[1])
  ask('/admin/nodes', { method: 'POST', body: '{"node_id":"watched"}' })

  const neighbour = await startNeighbour(pid)
  const path = `:${port}/admin/nodes/watched/logs/stream`
  const far = addresses.map((address) => read(neighbour.pid, `http://${address}${path}`))
  const near = read(pid, `http://127.0.0.1${path}`)
  const beats = (text: string) => text.split(': cursor').length - 1
  await until('all to read', () => [near, ...far].every((text) => beats(text()) > 1))
  expect(streams()).toBe(addresses.length + 1)

  neighbour.vanish()
  await until('those to be let go that are gone', () => streams() === 1, 90_000)
  const before = beats(near())
  await until('the other to be told on', () => beats(near()) > before)
}

/** Reads a stream on the machine of a process; what has come so far. */
function read(pid: number, url: string): () => string {
  const [file = '', ...args] = [...on(pid), process.execPath, '-e', READ, url]
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'ignore'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (piece) => {
    text += piece
  })
  return () => text
}
