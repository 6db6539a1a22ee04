import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { launchTokenText } from '../src/rights/token-text.js'
import { plain } from './support/launch-scenarios.js'
import { newNode } from './support/nodes.js'
import {
  endAll,
  type RunningServer,
  startServer,
  temporaryFolder,
  until,
} from './support/processes.js'
import { storedRecords } from './support/records.js'
import { startDouble } from './support/skypilot-double.js'
import { openStream } from './support/stream.js'
import { withToken } from './support/tokens.js'

afterAll(endAll)

/** Sends an entry as what runs on a node would, leaves the token in a file, and goes on. */
async function launchSender(server: RunningServer, node_id: string): Promise<string> {
  const folder = await temporaryFolder()
  const file = join(folder, 'token')
  const script = join(folder, 'send.mjs')
  await writeFile(
    script,
    `import { writeFileSync } from 'node:fs'
const { LAUNCHTAIL_URL: url, LAUNCHTAIL_NODE_ID: id, LAUNCHTAIL_TOKEN: token } = process.env
console.log('the token is', token)
const answer = await fetch(url + '/admin/nodes/' + id + '/logs', {
  method: 'POST',
  headers: { 'X-Admin-Token': token, 'Content-Type': 'application/json' },
  body: JSON.stringify({ message: 'sent by the node' }),
})
console.log('answered', answer.status)
writeFileSync(${JSON.stringify(file)}, token)
setInterval(() => {}, 1000)
`,
  )
  const task = JSON.stringify({ run: `exec "${process.execPath}" "${script}"` })
  const launched = await server.post('/admin/nodes/launch', { node_id, provider: 'local', task })
  expect(launched.status).toBe(202)
  return until('the token', () => readFile(file, 'utf8').catch(() => ''))
}

async function logOf(server: RunningServer, id: string): Promise<string> {
  return (await server.fetch(`/admin/nodes/${id}/logs?tail=all`)).text()
}

describe('the token of a launch', () => {
  it('lets what runs on the node send its log in, and nothing else', async () => {
    const server = await startServer()
    const other = await newNode(server)
    const token = await launchSender(server, 'sender')
    expect(token).toMatch(/^lt_ingest_[0-9A-Za-z]{36}$/)
    await until('the answer', async () => (await logOf(server, 'sender')).includes('answered 202'))
    expect(await logOf(server, 'sender')).toContain('sent by the node')
    const ask = withToken(server, token)
    const body = '{"message":"m"}'
    const statuses = await Promise.all(
      [
        ask(`/admin/nodes/${other}/logs`, { method: 'POST', body }),
        ask('/admin/nodes/nobody/logs', { method: 'POST', body }),
        ask('/admin/nodes/sender/logs'),
        ask('/admin/nodes/sender', { method: 'DELETE' }),
        ask('/admin/nodes/launch', { method: 'POST', body: '{"provider":"local"}' }),
        ask('/admin/tokens'),
      ].map(async (answer) => (await answer).status),
    )
    expect(statuses).toEqual([403, 403, 403, 403, 403, 403])
    expect((await ask('/admin/nodes/sender/logs', { method: 'POST', body })).status).toBe(202)
    // It is among no people's tokens.
    expect(await (await server.fetch('/admin/tokens')).json()).toEqual({ tokens: [], count: 0 })
  })

  it('is in no log, no answer and no record', async () => {
    const server = await startServer()
    const token = await launchSender(server, 'sender')
    await until('the line', async () =>
      (await logOf(server, 'sender')).includes('the token is ***'),
    )
    const secret = token.slice('lt_ingest_'.length)
    const stream = await openStream(`${server.url}/admin/nodes/sender/logs/stream?tail=all`, {
      'X-Admin-Token': server.token,
    })
    await stream.event('the line', ({ data }) => String(data.message).includes('the token is'))
    const shown = [
      await logOf(server, 'sender'),
      stream.text(),
      await (await server.fetch('/admin/nodes/sender')).text(),
      await (await server.fetch('/admin/nodes/sender/launch')).text(),
      await (await server.fetch('/admin/audit')).text(),
      await storedRecords(server.dataDir),
      server.output(),
    ]
    for (const text of shown) expect(text).not.toContain(secret)
    const launch = await (await server.fetch('/admin/nodes/sender/launch')).json()
    expect(launch).toMatchObject({ secrets: [] })
    // It can be launched again without it.
    const again = await server.post('/admin/nodes/sender/relaunch', { node_id: 'again' })
    expect(again.status).toBe(202)
  })

  it('ends with the launch, within five seconds, and outlives a restart before', async () => {
    const dataDir = await temporaryFolder()
    const first = await startServer({ dataDir })
    const token = await launchSender(first, 'sender')
    await first.kill()
    const server = await startServer({ dataDir })
    const send = () =>
      withToken(server, token)('/admin/nodes/sender/logs', {
        method: 'POST',
        body: '{"message":"still here"}',
      })
    expect((await send()).status).toBe(202)
    await server.post('/admin/nodes/sender/terminate', {})
    await until('the end', async () => {
      const node = (await (await server.fetch('/admin/nodes/sender')).json()) as { status: string }
      return node.status === 'terminated'
    })
    // A request that is under way when it ends is cut.
    const status = () =>
      send().then(
        (answer) => answer.status,
        () => 0,
      )
    await until('the token to end', async () => (await status()) === 401, 5000)
    // It is no guess, so nobody is locked out.
    for (let n = 0; n < 15; n += 1) expect((await send()).status).toBe(401)
    expect((await server.fetch('/admin/nodes')).status).toBe(200)
  })
})

describe('a launch through SkyPilot', () => {
  /** The variables of the task that SkyPilot is given. */
  async function sentBy(env: Record<string, string>, more: object) {
    const api = await startDouble({ scenario: plain({ gated: true }) })
    onTestFinished(() => api.close())
    const server = await startServer({ env: { SKYPILOT_API_SERVER_ENDPOINT: api.url, ...env } })
    const node = { node_id: 'cloudy', provider: 'aws', region: 'x', gpu: 'H100', ...more }
    expect((await server.post('/admin/nodes/launch', node)).status).toBe(202)
    const task = await until('the task', () => api.tasks[0])
    const { envs = {}, secrets = {} } = JSON.parse(task)
    return { server, envs, secrets }
  }

  it.each([
    ['of a model', { model: 'm/m' }],
    ['of an engine', { engine: 'sglang', model: 'm/m' }],
    ['of a task', { task: JSON.stringify({ run: 'true' }) }],
  ])('%s gives the node its token, if the server has a public address', async (_, more) => {
    const url = 'https://launchtail.example'
    const { server, envs, secrets } = await sentBy({ LAUNCHTAIL_PUBLIC_URL: url }, more)
    expect(envs).toMatchObject({ LAUNCHTAIL_URL: url, LAUNCHTAIL_NODE_ID: 'cloudy' })
    const sent = await withToken(server, secrets.LAUNCHTAIL_TOKEN)('/admin/nodes/cloudy/logs', {
      method: 'POST',
      body: '{"message":"m"}',
    })
    expect(sent.status).toBe(202)
  })

  it('gives it none where the node would not find the server', async () => {
    const { envs, secrets } = await sentBy({}, { model: 'm/m' })
    expect(Object.keys({ ...envs, ...secrets })).not.toContain('LAUNCHTAIL_TOKEN')
  })
})

describe('the text of a launch’s token', () => {
  it('is made from the key and the launch, so that every server knows it and no record has it', () => {
    const [key, other] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
    const text = launchTokenText(key, 'launch')
    expect(launchTokenText(key, 'launch')).toBe(text)
    expect(launchTokenText(other, 'launch')).not.toBe(text)
    expect(launchTokenText(key, 'another')).not.toBe(text)
  })
})
