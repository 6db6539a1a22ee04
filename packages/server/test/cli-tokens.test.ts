import { afterAll, beforeAll, expect, test } from 'vitest'
import { startCommand } from './support/command.js'
import { newNode } from './support/nodes.js'
import { endAll, type RunningServer, startServer } from './support/processes.js'
import { withToken } from './support/tokens.js'

let server: RunningServer

beforeAll(async () => {
  server = await startServer()
})

afterAll(endAll)

const run = (...args: string[]) => startCommand(server.url, args).ended

test('a token is created, listed and revoked', async () => {
  expect((await run('tokens', 'list')).stdout).toBe('There are no tokens but the configured one.\n')
  const flags = ['--scope', 'read', '--scope', 'ingest', '--node', 'train-*', '--expires', '30d']
  const made = await run('tokens', 'create', 'grafana', ...flags)
  expect(made).toMatchObject({ code: 0, stderr: '' })
  const token = made.stdout.trim()
  expect(token).toMatch(/^lt_read_\w{36}$/)
  expect((await withToken(server, token)('/admin/nodes')).status).toBe(200)
  const [shown] = (await run('tokens', 'list', '--json')).stdout.trim().split('\n')
  const { token_id, expires_at } = JSON.parse(shown ?? '')
  expect(Date.parse(expires_at)).toBeGreaterThan(Date.now() + 29 * 86_400_000)
  const { stdout: list } = await run('tokens', 'list')
  expect(list).toMatch(/^TOKEN +NAME +RIGHTS +NODES +BEGINS AND ENDS +CREATED +EXPIRES\n/)
  expect(list).toContain(`${token_id}  grafana  read ingest  train-*`)
  expect(list).not.toContain(token)
  expect((await run('tokens', 'revoke', token_id)).stdout).toBe(`${token_id} is revoked\n`)
  expect(await run('tokens', 'revoke', token_id)).toMatchObject({
    code: 4,
    stderr: 'launchtail: token not found\n',
  })
  expect((await withToken(server, token)('/admin/nodes')).status).toBe(401)
})

test('a token needs a right that there is', async () => {
  expect((await run('tokens', 'create', 'n')).stderr).toContain('--scope <right>')
  const wrong = await run('tokens', 'create', 'n', '--scope', 'write')
  expect(wrong.stderr).toContain('one of admin, launch, read, ingest')
  const late = await run('tokens', 'create', 'n', '--scope', 'read', '--expires', 'soon')
  expect(late.stderr).toContain('a duration such as 30d')
})

test('the audit log is read by node, token and refusals', async () => {
  const id = await newNode(server)
  const made = await run('tokens', 'create', 'mia', '--scope', 'read', '--json')
  const { token, token_id } = JSON.parse(made.stdout)
  await withToken(server, token)(`/admin/nodes/${id}`, { method: 'DELETE' })
  const { stdout } = await run('audit', '--by', token_id)
  expect(stdout).toMatch(/^WHEN +WHO +FROM +WHAT +OF +STATUS +TIMES +WHY\n/)
  expect(stdout).toContain(`mia  127.0.0.1  deleteNode  ${id}     403      1  token may not`)
  const refused = await run('audit', '--node', id, '--refused', '--json')
  expect(JSON.parse(refused.stdout)).toMatchObject({ token: 'mia', operation: 'deleteNode' })
  const lines = (await run('audit', '--node', id, '--json')).stdout.trim().split('\n')
  expect(lines.map((line) => JSON.parse(line).operation)).toEqual(['deleteNode', 'createNode'])
  expect((await run('audit', '--operation', 'nothing')).stdout).toBe(
    'There is nothing of the kind.\n',
  )
  expect((await run('audit', '-n', '1')).stdout.trim().split('\n')).toHaveLength(2)
})
