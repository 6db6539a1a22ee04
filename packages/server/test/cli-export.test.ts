import { existsSync } from 'node:fs'
import { readFile, truncate, writeFile } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { startCommand } from './support/command.js'
import { newNode } from './support/nodes.js'
import { endAll, type RunningServer, startServer, temporaryFolder } from './support/processes.js'

const ENTRIES = 20_000

let server: RunningServer
let id: string
/** The export as the server sends it. */
let whole: string

beforeAll(async () => {
  server = await startServer()
  id = await newNode(server)
  for (let at = 0; at < ENTRIES; at += 10_000) {
    const entries = Array.from({ length: 10_000 }, (_, n) => ({ message: `sloe ${at + n} ünï` }))
    expect((await server.post(`/admin/nodes/${id}/logs`, entries)).status).toBe(202)
  }
  whole = await (await server.fetch('/admin/logs/export')).text()
}, 120_000)
afterAll(endAll)

describe('launchtail export', () => {
  it('writes a file by its extension, and says what it has', { timeout: 120_000 }, async () => {
    const folder = await temporaryFolder()
    for (const [name, begin, end] of [
      ['logs.ndjson', '{"node_id":"', '}\n'],
      ['logs.json', '{"logs":[', `"count":${ENTRIES},"complete":true}\n`],
      ['logs.csv', 'timestamp,node_id,', '\r\n'],
      ['logs.txt', id, `-- ${ENTRIES} entries\n`],
    ] as const) {
      const file = join(folder, name)
      const { code, stdout, stderr } = await run(server.url, ['export', '--to', file])
      expect([name, code, stdout]).toEqual([name, 0, ''])
      const text = await readFile(file, 'utf8')
      const bytes = Buffer.byteLength(text)
      expect(stderr).toBe(`launchtail: ${ENTRIES} entries, ${bytes} bytes in ${file}\n`)
      expect([text.startsWith(begin), text.endsWith(end)]).toEqual([true, true])
      expect(existsSync(`${file}.part`) || existsSync(`${file}.part.json`)).toBe(false)
    }
    expect((await readFile(join(folder, 'logs.ndjson'), 'utf8')) === whole).toBe(true)
  })

  it('writes to standard output what a query finds', async () => {
    const { code, stdout } = await run(server.url, [
      ...['export', 'message:"sloe 7"', '--node', id],
      ...['--since', '1h', '--level', 'info', '--format', 'text'],
    ])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^\S+ \S+ INFO {2}\[queued\] sloe 7 ünï\n-- 1 entries\n$/)
    const wrong = await run(server.url, ['export', 'level:warning'])
    expect(wrong.code).toBe(1)
    expect(wrong.stderr).toContain('level:warning\n')
    const nobody = await run('http://127.0.0.1:9', ['export'])
    expect(nobody.code).toBe(1)
    expect(nobody.stderr).toContain('is a Launchtail server running there?')
  })

  it.each([[], ['--to']])('goes on where it was cut: %s', { timeout: 120_000 }, async (...to) => {
    const file = join(await temporaryFolder(), 'logs.ndjson')
    const cuts = [3000, 20_000, 30_000]
    const url = await cuttingProxy(cuts)
    const args = to.length > 0 ? ['--to', file] : []
    const { code, stdout, stderr } = await run(url, ['export', ...args])
    expect(code).toBe(0)
    const text = to.length > 0 ? await readFile(file, 'utf8') : stdout
    expect(text === whole).toBe(true)
    expect(stderr.match(/the export was cut after \d+ bytes/g)).toHaveLength(cuts.length)
  })

  it('gives up, and goes on with another call', { timeout: 120_000 }, async () => {
    const file = join(await temporaryFolder(), 'logs.ndjson')
    // Each brings nothing but its head.
    const url = await cuttingProxy([40_000, ...Array.from({ length: 20 }, () => 0)])
    const cut = await run(url, ['export', '--to', file])
    expect(cut.code).toBe(1)
    expect(existsSync(file)).toBe(false)
    const { size } = { size: (await readFile(`${file}.part`)).length }
    expect(size).toBeGreaterThan(10_000)
    // What a killed process had not written yet.
    await truncate(`${file}.part`, size - 777)
    const query = await run(server.url, ['export', 'x', '--to', file, '--resume'])
    expect(query.stderr).toContain('--resume uses the query')
    const resumed = await run(server.url, ['export', '--to', file, '--resume'])
    expect(resumed.code).toBe(0)
    expect((await readFile(file, 'utf8')) === whole).toBe(true)
    const nothing = await run(server.url, ['export', '--to', file, '--resume'])
    expect(nothing.stderr).toContain('there is nothing to resume')
  })

  it('waits for its turn at a busy server, and passes on what that warns of', async () => {
    const url = await busyServer(2)
    const { code, stdout, stderr } = await run(url, ['export', '--format', 'text'])
    expect([code, stdout]).toEqual([0, '-- 0 entries\n'])
    expect(stderr.split('\n')).toEqual([
      'launchtail: too many exports at a time: trying again in 1s',
      'launchtail: too many exports at a time: trying again in 1s',
      'launchtail: more rows than a spreadsheet shows',
      '',
    ])
  })

  it('does not resume a file that is not the beginning of the export', async () => {
    const file = join(await temporaryFolder(), 'logs.ndjson')
    await writeFile(`${file}.part`, 'something else')
    await writeFile(`${file}.part.json`, JSON.stringify({ now: new Date().toISOString() }))
    const { code, stderr } = await run(server.url, ['export', '--to', file, '--resume'])
    expect([code, stderr]).toEqual([1, 'launchtail: the export has changed, start it over\n'])
  })
})

function run(url: string, args: readonly string[]) {
  return startCommand(url, args).ended
}

/** A server that refuses so many exports and then makes an empty one. */
async function busyServer(refusals: number): Promise<string> {
  let left = refusals
  const busy = createHttpServer((_, response) => {
    left -= 1
    if (left >= 0) {
      response.writeHead(429, { 'Retry-After': '1' })
      response.end('{"error":{"message":"too many exports at a time"}}')
    } else {
      response.setHeader('Log-Warning', 'more rows than a spreadsheet shows')
      response.end('-- 0 entries\n')
    }
  })
  await new Promise<void>((resolve) => busy.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void busy.close())
  return `http://127.0.0.1:${(busy.address() as AddressInfo).port}`
}

/** A proxy that cuts each connection after so many bytes of the answers; 0 is for the head alone. */
async function cuttingProxy(cuts: readonly number[]): Promise<string> {
  const left = [...cuts]
  const target = new URL(server.url)
  const open = new Set<Socket>()
  const proxy = createServer((socket) => {
    const upstream = connect(Number(target.port), target.hostname)
    for (const end of [socket, upstream]) {
      open.add(end)
      end.on('error', () => {})
      end.on('close', () => {
        socket.destroy()
        upstream.destroy()
      })
    }
    let rest = left.shift() ?? Number.POSITIVE_INFINITY
    socket.pipe(upstream)
    upstream.on('data', (bytes) => {
      const headEnd = rest === 0 ? bytes.indexOf('\r\n\r\n') + 4 : rest
      const some = bytes.subarray(0, headEnd)
      rest -= bytes.length
      if (rest > 0) socket.write(some)
      else socket.end(some, () => socket.destroy())
    })
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const end of open) end.destroy()
    proxy.close()
  })
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
}
