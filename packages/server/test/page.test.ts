import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { createServer, get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import {
  endAll,
  type RunningServer,
  startServer,
  temporaryFolder,
  until,
} from './support/processes.js'

const BUILT = new URL('../../dashboard/dist/', import.meta.url)
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
  "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const run = promisify(execFile)
let server: RunningServer
let html: string

beforeAll(async () => {
  server = await startServer()
  html = await readFile(new URL('index.html', BUILT), 'utf8')
})
afterAll(endAll)

/** What the page loads, as its addresses stand in it. */
const partsOf = (text: string) =>
  [...text.matchAll(/\b(?:src|href)="([^"]+)"/g)].map(([, path]) => path as string)

/** An answer as it comes, not unpacked. */
async function ask(path: string, headers: Record<string, string> = {}) {
  const [answer] = (await once(get(server.url + path, { headers }), 'response')) as [
    IncomingMessage,
  ]
  return { status: answer.statusCode, headers: answer.headers, body: await buffer(answer) }
}

it('the page and all that it loads say that nothing else may be loaded, or frame it', async () => {
  for (const path of ['/', '/docs', ...partsOf(html).map((part) => `/${part}`)]) {
    const { status, headers } = await ask(path)
    expect([path, status]).toEqual([path, 200])
    expect(headers).toMatchObject({
      'content-security-policy': POLICY,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
    })
  }
})

it('the page has nothing inline that its policy would refuse', () => {
  expect(partsOf(html).some((part) => part.endsWith('.js'))).toBe(true)
  expect(html).not.toMatch(/<script(?![^>]*\bsrc=)/i)
  expect(html).not.toMatch(/<style|\sstyle=|\son[a-z]+=|javascript:/i)
})

it('what is named by its content is kept for ever, the page itself only as long as it is the same', async () => {
  const asset = partsOf(html).find((part) => part.includes('assets/'))
  expect((await ask(`/${asset}`)).headers['cache-control']).toBe(
    'public, max-age=31536000, immutable',
  )
  const { headers } = await ask('/')
  expect(headers['cache-control']).toBe('no-cache')
  const again = await ask('/', { 'If-None-Match': String(headers.etag) })
  expect([again.status, again.body.length]).toEqual([304, 0])
})

it('is sent packed as the browser takes it, and comes out the same', async () => {
  const script = partsOf(html).find((part) => part.endsWith('.js')) as string
  const content = await readFile(new URL(script, BUILT))
  const plain = await ask(`/${script}`)
  expect(plain.headers).not.toHaveProperty('content-encoding')
  expect(plain.body.equals(content)).toBe(true)
  const unpack = { br: brotliDecompressSync, gzip: gunzipSync }
  for (const [encoding, unpacked] of Object.entries(unpack)) {
    const { headers, body } = await ask(`/${script}`, { 'Accept-Encoding': encoding })
    expect(headers).toMatchObject({ 'content-encoding': encoding, vary: /accept-encoding/i })
    expect(unpacked(body).equals(content)).toBe(true)
    expect(body.length).toBeLessThan(content.length / 2)
  }
  expect((await ask(`/${script}.br`)).status, 'the packed file by its own name').toBe(404)
})

it('works under any path that a proxy gives it', async () => {
  const prefix = '/tools/launches'
  const proxy = createServer(async (request, response) => {
    if (!request.url?.startsWith(`${prefix}/`)) return response.writeHead(404).end()
    const { status = 500, headers, body } = await ask(request.url.slice(prefix.length))
    response.writeHead(status, { 'Content-Type': headers['content-type'] }).end(body)
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  onTestFinished(() => {
    proxy.closeAllConnections()
    proxy.close()
  })
  const { port } = proxy.address() as AddressInfo
  for (const page of [`${prefix}/`, `${prefix}/docs`]) {
    const url = `http://127.0.0.1:${port}${page}`
    const text = await (await fetch(url)).text()
    const parts = partsOf(text)
    expect(parts.length, page).toBeGreaterThan(0)
    for (const part of parts) {
      const { status } = await fetch(new URL(part, url))
      expect([part, status]).toEqual([part, 200])
    }
  }
})

it('tells nothing of a file that is not there', async () => {
  for (const path of [
    '/assets/',
    '/assets/nothing.js',
    '/assets/..%2findex.html',
    '/.git/config',
  ]) {
    const { status, body } = await ask(path)
    expect([path, status, JSON.parse(String(body))]).toEqual([
      path,
      404,
      { error: { message: 'not found' } },
    ])
  }
})

it('is in the published package, and so is what the demonstration shows', async () => {
  const folder = await temporaryFolder()
  const here = fileURLToPath(new URL('../../../', import.meta.url))
  // As it lies in a checkout: what is packed is put together there.
  for (const part of [
    'LICENSE',
    'scripts/pack.mjs',
    'examples/local-node.yaml',
    'packages/dashboard/dist',
    'packages/server/package.json',
    'packages/server/README.md',
    'packages/server/bin',
    'packages/server/demo',
    'packages/server/dist',
  ]) {
    await cp(join(here, part), join(folder, part), { recursive: true })
  }
  const packing = ['pack', '--silent', '--pack-destination', folder]
  await run('npm', packing, { cwd: join(folder, 'packages/server') })
  const installed = join(folder, 'node_modules/launchtail')
  await mkdir(installed, { recursive: true })
  await run('sh', ['-c', `tar xzf *.tgz -C ${installed} --strip-components=1`], { cwd: folder })
  expect(await readdir(installed)).toEqual(expect.arrayContaining(['LICENSE', 'README.md']))
  await rm(join(folder, 'packages'), { recursive: true })
  await rm(join(folder, 'examples'), { recursive: true })

  const { bin, dependencies } = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'))
  // Everything else must be inside.
  for (const name of Object.keys(dependencies)) {
    const link = join(installed, 'node_modules', name)
    await mkdir(dirname(link), { recursive: true })
    await symlink(join(here, 'node_modules', name), link)
  }
  // What is built is not there yet when npm links the command in a checkout.
  expect(bin.launchtail).not.toMatch(/^(?:\.\/)?dist\//)
  const program = join(installed, bin.launchtail)
  const own = await startServer({ program, flags: ['--demo'] })
  expect(await (await fetch(own.url)).text()).toBe(html)
  for (const id of ['demo-example', 'demo-aws-l4-succeeds']) {
    await until(id, async () => (await own.fetch(`/admin/nodes/${id}`)).status === 200)
  }
  await own.stop()
})

it('has a client package with its sources, which is not packed before it is built', async () => {
  const folder = await temporaryFolder()
  const here = fileURLToPath(new URL('../../../', import.meta.url))
  const client = join(folder, 'packages/client')
  for (const part of ['LICENSE', 'scripts/pack.mjs', 'package.json', 'README.md']) {
    const isOfTheClient = part === 'package.json' || part === 'README.md'
    const path = isOfTheClient ? join('packages/client', part) : part
    await cp(join(here, path), join(folder, path), { recursive: true })
  }
  const pack = () => run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: client })
  await expect(pack()).rejects.toThrow('is not there; run: npm run build')
  await cp(join(here, 'packages/client/dist'), join(client, 'dist'), { recursive: true })
  const [{ files }] = JSON.parse((await pack()).stdout)
  const paths = files.map(({ path }: { path: string }) => path)
  expect(paths).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'dist/index.d.ts']))
  expect(paths.filter((path: string) => path.endsWith('.tsbuildinfo'))).toEqual([])
  const map = JSON.parse(await readFile(join(client, 'dist/client.js.map'), 'utf8'))
  expect(map.sourcesContent[0]).toContain('export function createClient')
})
