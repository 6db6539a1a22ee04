/**
 * Every wait for somebody else ends in time, also where the garbage collector runs meanwhile: on Node 20
 * it takes the timer of an `AbortSignal.timeout` that only an `AbortSignal.any` refers to.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createClient } from '@launchtail/client'
import { expect, onTestFinished, test } from 'vitest'
import { createUpload } from '../src/cli/upload/upload.js'
import { startProbe } from '../src/launch/probe.js'
import { skyApi } from '../src/launch/skypilot/api/api.js'
import { skyHttp } from '../src/launch/skypilot/api/http.js'
import { skypilotLauncher } from '../src/launch/skypilot/api/launcher.js'
import { endpointOf, skyDown } from '../src/launch/skypilot/cli/sky-command.js'
import { amidGarbage } from './support/garbage.js'
import { plainOutOfMemory } from './support/launch-scenarios.js'
import { removeFolder, startLaunching, temporaryFolder, waitFor } from './support/launching.js'
import { type Double, startDouble } from './support/skypilot-double.js'

/** Outlives all that is below it, as a launch outlives its requests. */
const { signal } = new AbortController()

/** An HTTP server for one test; its address. */
async function serve(answer: (req: IncomingMessage, res: ServerResponse) => void): Promise<string> {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function emptyFolder(): string {
  const folder = temporaryFolder()
  onTestFinished(() => removeFolder(folder))
  return folder
}

test('a request to SkyPilot that is not answered', async () => {
  const http = skyHttp({ endpoint: await serve(() => {}), timeout: 300 })
  const asked = http.ask({ method: 'GET', path: '/api/health', signal })
  await expect(amidGarbage(asked)).rejects.toThrow(/cannot be reached: no answer within 0.3s$/)
})

test('an answer of SkyPilot’s that stops half-way', async () => {
  const endpoint = await serve((_, res) => void res.writeHead(200).write('['))
  const asked = skyHttp({ endpoint, timeout: 300 }).ask({ method: 'GET', path: '/', signal })
  await expect(amidGarbage(asked)).rejects.toThrow(/cannot be reached: no answer within 0.3s$/)
})

test('a stream of SkyPilot’s that does not begin', async () => {
  const http = skyHttp({ endpoint: await serve(() => {}), timeout: 300 })
  const stream = http.stream({ method: 'GET', path: '/api/stream', signal, silence: 60_000 })
  await expect(amidGarbage(stream.next())).rejects.toThrow(/no answer within 0.3s$/)
})

test('a question that SkyPilot takes and never answers', async () => {
  const endpoint = await serve((req, res) => {
    res.setHeader('X-Skypilot-Request-ID', 'r-1')
    const pending = [{ request_id: 'r-1', name: 'sky.status', status: 'PENDING' }]
    res.end(JSON.stringify(req.method === 'GET' ? pending : null))
  })
  const api = skyApi({ http: skyHttp({ endpoint }), poll: 20, patience: 300 })
  await expect(amidGarbage(api.cluster('cic-1', { signal }))).rejects.toThrow(
    'SkyPilot could not answer /status: timed out after 0.3s',
  )
})

test('a probe of a server that accepts and does not answer', async () => {
  let asked = 0
  const base = await serve((_, res) => {
    asked += 1
    if (asked > 1) res.end()
  })
  const probe = startProbe({
    ...{ base, readiness: { paths: ['/health'], guessed: true }, mark: 'address' },
    ...{ interval: 10, signal },
  })
  await amidGarbage(waitFor(() => probe.ready || undefined))
  expect(asked).toBe(2)
})

const PACE = {
  status: 40,
  cluster: 200,
  endpoint: 40,
  probe: 20,
  first: 20,
  quiet: 50,
  settle: 100,
  cleanup: 500,
  cancel: 500,
}

/** SkyPilot takes the request to take a cluster down, and never carries it out. */
function neverTakesDown(api: Double): void {
  api.intercept(({ path, req, res, go }) => {
    const isAbout = path === '/api/status' && req.url?.includes('request_ids=hangs')
    if (path !== '/down' && !isAbout) return go()
    res.setHeader('X-Skypilot-Request-ID', 'hangs')
    const pending = [{ request_id: 'hangs', name: 'sky.down', status: 'PENDING' }]
    res.end(JSON.stringify(isAbout ? pending : null))
  })
}

async function launching() {
  const api = await startDouble({ scenario: plainOutOfMemory() })
  onTestFinished(() => api.close())
  const launcher = skypilotLauncher({
    endpoint: api.url,
    versions: { vllm: '1', uv: '1', python: '3' },
    launchTimeout: 20_000,
    pace: PACE,
    http: { poll: 20 },
  })
  return { api, launcher }
}

const REQUEST = { node_id: 'gpu-1', provider: 'aws', region: 'x', gpu: 'H100', model: 'm/m' }

test('taking down the cluster of a launch that failed', async () => {
  const { api, launcher } = await launching()
  const server = await startLaunching({ folder: emptyFolder(), launchers: () => [launcher] })
  onTestFinished(() => server.stop())
  neverTakesDown(api)
  const { cluster_name: cluster } = await server.orchestrator.launch(REQUEST)
  const entries = await amidGarbage(
    server.until('gpu-1', ({ phase }) => phase === 'failed'),
    15_000,
  )
  expect(entries.at(-1)?.details).toContain(
    `The cluster ${cluster} may still be there (it was not gone within 0.5s)`,
  )
})

test('cancelling a launch', async () => {
  const { api, launcher } = await launching()
  const folder = emptyFolder()
  const launch = { nodeId: 'gpu-1', clusterName: 'cic-1', request: REQUEST, folder }
  const handle = await launcher.start(launch, signal)
  await waitFor(() => api.clusters.has('cic-1') || undefined)
  neverTakesDown(api)
  await expect(amidGarbage(launcher.cancel(launch, handle, signal))).rejects.toMatchObject({
    name: 'TimeoutError',
    message: 'timed out after 0.5s',
  })
})

test('asking how much of an upload has arrived', async () => {
  let asked = 0
  const baseUrl = await serve((req, res) => {
    if (req.method !== 'HEAD') return void req.resume().once('end', () => res.end('{}'))
    asked += 1
    if (asked > 1) res.setHeader('Log-Offset', asked > 2 ? 6 : 0).end()
  })
  const upload = createUpload({
    client: createClient({ baseUrl, token: 't' }),
    nodeId: 'gpu-1',
    answerTimeout: 300,
    note: () => {},
  })
  await upload.push(Buffer.from('a line'))
  await amidGarbage(upload.end())
  expect(asked).toBeGreaterThan(2)
})

test.each(['exec sleep 60', 'sleep 8 & wait'])('a `sky` command that hangs: %s', async (does) => {
  const file = join(emptyFolder(), 'sky')
  writeFileSync(file, `#!/bin/sh\n${does}\n`)
  chmodSync(file, 0o755)
  const sky = { file, env: { PATH: process.env.PATH ?? '' } }
  const question = { cluster: 'cic-1', timeout: 300, signal }
  const asked = endpointOf(sky, { ...question, port: 8000 })
  await expect(amidGarbage(asked)).rejects.toThrow('timed out after 0.3s')
  await expect(amidGarbage(skyDown(sky, question))).rejects.toThrow('timed out after 0.3s')
})

test('the lint refuses timers that can be lost, wherever the product has its sources', () => {
  const root = fileURLToPath(new URL('../../..', import.meta.url))
  const folder = emptyFolder()
  for (const name of [
    'biome.json',
    'scripts/no-lost-deadlines.grit',
    'scripts/seeded-tests.grit',
  ]) {
    cpSync(join(root, name), join(folder, name))
  }
  const uses = { timeout: 'AbortSignal.timeout(5)', any: 'AbortSignal.any([])' }
  const files = [
    'packages/client/src',
    'packages/server/src/launch',
    'packages/dashboard/src',
    'bench',
  ].flatMap((path) => Object.keys(uses).map((use) => join(path, `${use}.ts`)))
  for (const file of files) {
    mkdirSync(join(folder, file, '..'), { recursive: true })
    const use = uses[basename(file, '.ts') as keyof typeof uses]
    writeFileSync(join(folder, file), `export const signal = ${use}\n`)
  }
  const { status, stderr } = spawnSync(
    join(root, 'node_modules/.bin/biome'),
    ['lint', '--vcs-enabled=false', '--max-diagnostics=none', '.'],
    { cwd: folder, encoding: 'utf8' },
  )
  expect(status).toBe(1)
  const refused = files.filter((file) => stderr.includes(`${file}:1:23 plugin`))
  expect(refused).toEqual(files)
})
