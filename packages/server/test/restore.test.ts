import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { listed, newNode } from './support/nodes.js'
import { startPostgres } from './support/postgres.js'
import {
  type RunningServer,
  redisCli,
  startRedis,
  startServer,
  temporaryFolder,
  until,
} from './support/processes.js'
import { startReceiver } from './support/receiver.js'
import { openStream } from './support/stream.js'

// The commands are those of docs/operations.md.

const KEY = Buffer.alloc(32, 5).toString('base64')

async function runDocumented(name: string, env: Record<string, string>): Promise<void> {
  const page = await readFile(new URL('../../../docs/operations.md', import.meta.url), 'utf8')
  const head = `<!-- run by restore.test.ts: ${name} -->\n\`\`\`sh\n`
  const at = page.indexOf(head)
  expect(at, `${name} is in the document`).toBeGreaterThan(0)
  const commands = page.slice(at + head.length, page.indexOf('```', at + head.length))
  const options = { env: { PATH: process.env.PATH, ...env }, stdio: 'pipe' } as const
  execFileSync('sh', ['-euc', commands], options)
}

/** A node with a log, a webhook, whose address is a secret, and somebody who goes on writing. */
async function fill(server: RunningServer) {
  const receiver = await startReceiver()
  const id = await newNode(server)
  const append = (message: string) => server.post(`/admin/nodes/${id}/logs`, { message })
  for (let n = 0; n < 40; n += 1) expect((await append(`before ${n}`)).status).toBe(202)
  const made = await server.post('/admin/webhooks', { url: receiver.url })
  const { webhook_id: hook } = (await made.json()) as { webhook_id: string }
  expect(made.status).toBe(201)
  let isOver = false
  const writing = (async () => {
    for (let n = 0; !isOver; n += 1) {
      await append(`meanwhile ${n}`)
      await sleep(2)
    }
  })()
  const stop = async () => {
    isOver = true
    await writing
  }
  return { id, hook, receiver, stop }
}

type Filled = Awaited<ReturnType<typeof fill>>

/** Everything from before is there, then an unbroken part of what came meanwhile; and it goes on. */
async function expectRestored(
  server: RunningServer,
  { id, hook, receiver }: Filled,
): Promise<void> {
  const messages = await listed(server, id)
  const before = Array.from({ length: 40 }, (_, n) => `before ${n}`)
  const meanwhile = Array.from({ length: messages.length - 40 }, (_, n) => `meanwhile ${n}`)
  expect(messages).toEqual([...before, ...meanwhile])
  const record = () => server.fetch(`/admin/nodes/${id}`).then((answer) => answer.json())
  await until('the record to follow its log', async () => {
    const { message } = (await record()) as { message: string }
    return message === messages.at(-1)
  })
  const sent = receiver.received.length
  const tested = await server.post(`/admin/webhooks/${hook}/test`, {})
  expect([tested.status, await tested.text()]).toEqual([200, expect.anything()])
  await until('the webhook', () => receiver.received.length > sent)
  await server.post(`/admin/nodes/${id}/logs`, { message: 'after' })
  expect(await listed(server, id)).toEqual([...messages, 'after'])
}

it('a server with its folder is restored from a backup that was made while it ran', async () => {
  const server = await startServer({ env: { LAUNCHTAIL_ADMIN_TOKEN: '' } }).catch(() => undefined)
  expect(server).toBeDefined()
  const token = (await readFile(join(server?.dataDir ?? '', 'admin-token'), 'utf8')).trim()
  const asked = { ...(server as RunningServer), ...withToken(server as RunningServer, token) }
  const filled = await fill(asked)
  const backup = join(await temporaryFolder(), 'backup')
  await runDocumented('back up a folder', { DATA: asked.dataDir, BACKUP: backup })
  await filled.stop()
  await asked.kill()

  const folder = join(await temporaryFolder(), 'data')
  await runDocumented('restore a folder', { DATA: folder, BACKUP: backup })
  const restored = await startServer({ dataDir: folder, env: { LAUNCHTAIL_ADMIN_TOKEN: '' } })
  await expectRestored({ ...restored, ...withToken(restored, token) }, filled)
}, 60_000)

it('servers on Redis and PostgreSQL are restored from a backup that was made while they ran', async () => {
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis()])
  const from = await postgres.create()
  const shared = { LAUNCHTAIL_SECRETS_KEY: KEY }
  const env = { ...shared, DATABASE_URL: from, REDIS_URL: redis.url }
  const server = await startServer({ env })
  const filled = await fill(server)
  const { id } = filled
  const seen = await openStream(`${server.url}/admin/nodes/${id}/logs/stream?tail=all`, {
    'X-Admin-Token': server.token,
  })
  await until('the first entries', () => seen.messages().length >= 40)
  const lastId = seen.events.find(({ data }) => data.message === 'before 39')?.id as string
  seen.close()
  const backup = join(await temporaryFolder(), 'backup')
  await runDocumented('back up Redis and PostgreSQL', {
    ...{ BACKUP: backup, DATABASE_URL: from, REDIS_ADMIN_URL: redis.url },
  })
  await filled.stop()
  await server.kill()
  await redis.kill()

  const [to, folder] = [await postgres.create(), await temporaryFolder()]
  await runDocumented('restore Redis and PostgreSQL', {
    ...{ BACKUP: backup, DATABASE_URL: to, REDIS_FOLDER: folder },
  })
  const other = await startRedis(['--appendonly', 'no', '--dir', folder])
  await runDocumented('go on with an append-only file', { REDIS_ADMIN_URL: other.url })
  const restored = await startServer({ env: { ...env, DATABASE_URL: to, REDIS_URL: other.url } })
  await expectRestored(restored, filled)
  // A reader from before the restore goes on where it was.
  const resumed = await openStream(`${restored.url}/admin/nodes/${id}/logs/stream`, {
    'X-Admin-Token': restored.token,
    'Last-Event-ID': lastId,
  })
  await until('the newest entry', () => resumed.messages().includes('after'))
  expect(resumed.messages()[0]).toBe('meanwhile 0')
  expect(resumed.events.some(({ event }) => event === 'gap')).toBe(false)
  // What is written now survives a crash of Redis.
  await other.kill()
  const next = await startRedis(['--dir', folder])
  expect(await redisCli(next.port, ['LINDEX', `node_logs:${id}`, '-1'])).toContain('after')
}, 60_000)

/** The same requests with the token that the server created. */
function withToken({ url }: RunningServer, token: string): Pick<RunningServer, 'fetch' | 'post'> {
  const request = (path: string, init: RequestInit = {}) =>
    fetch(url + path, { ...init, headers: { 'X-Admin-Token': token, ...init.headers } })
  return {
    fetch: request,
    post: (path, body) =>
      request(path, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'Content-Type': 'application/json' },
      }),
  }
}
