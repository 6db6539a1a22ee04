import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { startCommand } from './support/command.js'
import {
  endAll,
  type RunningServer,
  startServer,
  TOKEN,
  temporaryFolder,
  until,
} from './support/processes.js'

let server: RunningServer

beforeAll(async () => {
  server = await startServer()
})
afterAll(endAll)

const UNSET = { LAUNCHTAIL_URL: '', LAUNCHTAIL_ADMIN_TOKEN: '' }

describe('a token', () => {
  it('of the login is sent to no other server than that of the login', async () => {
    const env = { ...UNSET, HOME: await temporaryFolder() }
    const run = (...args: string[]) => startCommand('', args, { env }).ended
    await startCommand('', ['login', `${server.url}/`], { env, input: TOKEN }).ended
    expect((await run('nodes')).code).toBe(0)
    expect((await run('nodes', '--url', server.url)).code).toBe(0)
    const other = await stranger()
    const refused = await run('nodes', '--url', other.url)
    expect(refused.code).toBe(5)
    expect(refused.stderr).toContain(
      `no token for ${other.url}: run "launchtail login ${other.url}"`,
    )
    expect(other.heard).toEqual([])
  })

  it('of the data folder is sent only to the server that runs there', async () => {
    const own = await startServer({ env: { LAUNCHTAIL_ADMIN_TOKEN: '' } })
    const env = { ...UNSET, LAUNCHTAIL_DATA_DIR: own.dataDir }
    const run = (...args: string[]) => startCommand('', args, { env }).ended
    // Neither its address nor its token is given.
    expect(await run('nodes')).toMatchObject({ code: 0, stdout: 'There are no nodes.\n' })
    const other = await stranger()
    expect((await run('nodes', '--url', other.url)).code).toBe(5)
    expect(other.heard).toEqual([])

    await own.kill()
    // Another program may have its port by now.
    expect((await run('nodes', '--url', own.url)).code).toBe(5)
    expect((await run('nodes')).stderr).toContain('no token for http://127.0.0.1:8080')
  })

  it('that is wrong is not answered with the advice to log in', async () => {
    const env = { ...UNSET, HOME: await temporaryFolder() }
    const login = startCommand('', ['login', server.url], { env, input: 'wrong' })
    const { code, stderr } = await login.ended
    expect({ code, stderr }).toEqual({
      code: 5,
      stderr: `launchtail: ${server.url} does not accept this token\n`,
    })
  })
})

describe('the start', () => {
  it('is logged below the greeting, where both go to one terminal', async () => {
    const own = await startServer({ wrap: ['sh', '-c', 'exec "$@" 2>&1', 'sh'] })
    const log = await until('the log', () => /^\{.*\n/m.exec(own.output()))
    expect(own.output()).toMatch(/^Launchtail listens on http/)
    expect(JSON.parse(log[0])).toMatchObject({ level: 30, msg: `listening at ${own.url}` })
    // Once, and not by the framework as well.
    expect(own.output().match(/listening at/g)).toHaveLength(1)
  })
})

describe('the data folder', () => {
  it('has the address while the server runs', async () => {
    const own = await startServer({ env: { HOST: '0.0.0.0' } })
    const address = await readFile(`${own.dataDir}/url`, 'utf8')
    expect(address).toBe(`${own.url.replace('0.0.0.0', '127.0.0.1')}\n`)
    await own.stop()
    expect(await readdir(own.dataDir)).not.toContain('url')
  })

  it('has everything in the database files after an orderly stop', async () => {
    const own = await startServer()
    await own.post('/admin/nodes', { node_id: 'kept' })
    await own.post('/admin/nodes/kept/logs', { message: 'a line' })
    await own.fetch('/admin/nodes/kept/logs')
    expect(await own.stop()).toBe(0)
    for (const name of ['logs.db', 'records.db']) {
      const wal = await stat(`${own.dataDir}/${name}-wal`).catch(() => ({ size: 0 }))
      expect(wal.size, name).toBe(0)
    }
    // What a copy of the two files alone holds.
    const dataDir = await temporaryFolder()
    for (const name of ['logs.db', 'records.db']) {
      await writeFile(`${dataDir}/${name}`, await readFile(`${own.dataDir}/${name}`))
    }
    const copy = await startServer({ dataDir })
    const history = await (await copy.fetch('/admin/nodes/kept/logs')).json()
    expect(history).toMatchObject({ logs: [{ message: 'a line' }] })
  })
})

describe('delete', () => {
  it('removes a node, unless it runs', async () => {
    const run = (...args: string[]) => startCommand(server.url, args).ended
    const task = { provider: 'local', task: 'run: sleep 600\n', node_id: 'sleeps' }
    expect((await server.post('/admin/nodes/launch', task)).status).toBe(202)
    const refused = await run('delete', 'sleeps')
    expect(refused.code).toBe(1)
    expect(refused.stderr).toMatch(/^launchtail: .*terminate/)
    await run('terminate', 'sleeps')
    await server.post('/admin/nodes', { node_id: 'to-delete-1' })
    const deleted = await run('delete', 'to-delete')
    expect(deleted).toMatchObject({ code: 0, stdout: 'to-delete-1 is deleted\n' })
    expect((await server.fetch('/admin/nodes/to-delete-1')).status).toBe(404)
  })
})

describe('a failed node', () => {
  it('is listed with the cause, and shown with the advice', async () => {
    await server.post('/admin/nodes', { node_id: 'no-capacity' })
    await server.post('/admin/nodes/no-capacity/logs', [
      { message: 'ERROR: out of capacity in us-east-1', level: 'error' },
      { message: 'it ended with exit code 1', phase: 'failed', level: 'error' },
    ])
    const nodes = await startCommand(server.url, ['nodes']).ended
    expect(nodes.stdout).toMatch(/^no-capacity +failed +ERROR: out of capacity in us-east-1$/m)
    const status = await startCommand(server.url, ['status', 'no-capacity']).ended
    expect(status.stdout).toContain('out of capacity in us-east-1')
    expect(status.stdout).toContain('it ended with exit code 1')
    expect(status.stdout).toContain('Try again later, allow more regions')
  })
})

/** A server that is none of ours, and the tokens that it was sent. */
async function stranger() {
  const heard: unknown[] = []
  const other = createServer((request, response) => {
    heard.push(request.headers)
    response.writeHead(500).end()
  })
  await new Promise<void>((listening) => other.listen(0, '127.0.0.1', listening))
  onTestFinished(() => void other.close())
  return { url: `http://127.0.0.1:${(other.address() as AddressInfo).port}`, heard }
}
