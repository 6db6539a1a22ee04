import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { LaunchRequest, LogEntry } from '@launchtail/client/protocol'
import { afterEach, expect, test } from 'vitest'
import { StorageUnavailable } from '../src/errors.js'
import { clusterNameFor } from '../src/launch/cluster-name.js'
import type { Launcher } from '../src/launch/launcher.js'
import { type Identity, identify } from '../src/launch/supervised/processes.js'
import { TERMINATED } from '../src/logs/entry-text.js'
import { seal, unseal } from '../src/seal.js'
import { openSqlite } from '../src/sqlite.js'
import {
  contentOf,
  gone,
  removeFolder,
  type ServerOptions,
  serverScript,
  startLaunching,
  task,
  temporaryFolder,
  waitFor,
} from './support/launching.js'
import { FROM_SOURCES } from './support/program.js'
import { seededRandom } from './support/seed.js'

type Server = Awaited<ReturnType<typeof startLaunching>>

const cleanups: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean()
})

/** A folder and a way to start a server in it; what they launched ends with the test. */
function machine() {
  const folder = temporaryFolder()
  const servers = new Set<Server>()
  cleanups.push(async () => {
    for (const server of servers) await server.stop()
    const last = await startLaunching({ folder })
    await last.orchestrator.resume()
    const rows = await last.database.selectFrom('launches').selectAll().execute()
    for (const { node_id } of rows) {
      if (!last.orchestrator.running(node_id)) continue
      await last.orchestrator.terminate(node_id)
      await waitFor(() => !last.orchestrator.running(node_id) || undefined)
    }
    await last.stop()
    removeFolder(folder)
  })
  return { folder, start, stop }

  async function start(options: Omit<ServerOptions, 'folder'> = {}): Promise<Server> {
    const server = await startLaunching({ folder, ...options })
    servers.add(server)
    return server
  }

  async function stop(server: Server): Promise<void> {
    servers.delete(server)
    await server.stop()
  }
}

function request(more: Partial<LaunchRequest>): LaunchRequest {
  return { provider: 'local', region: 'local', gpu: 'cpu', ...more }
}

const ended = ({ phase }: LogEntry) => phase === 'failed'
const active = ({ phase }: LogEntry) => phase === 'active'
const says = (text: string) => (entry: LogEntry) => entry.message === text

function told(entries: readonly LogEntry[]): string[] {
  return entries.map(({ phase, message }) => `${phase}: ${message.replace(/\d{4,5}$/, 'N')}`)
}

test('a launch goes through all eight phases', async () => {
  const server = await machine().start()
  const { node_id, cluster_name } = await server.orchestrator.launch(
    request({
      task: task({ setup: 'echo setting up', run: serverScript({ after: 200, says: '' }) }),
      gpu: 'T4',
    }),
  )
  expect(cluster_name).toBe(`cic-local-local-t4-od-${node_id.slice(0, 6)}`)
  expect((await server.list(node_id))[0]).toMatchObject({
    message: `Node launch request queued: ${cluster_name}`,
    phase: 'queued',
    progress: 0,
  })
  await server.until(node_id, active)
  const serving = await server.registry.get(node_id)
  expect(serving).toMatchObject({ status: 'active', cluster_name, gpu: 'T4' })
  expect(serving?.endpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  await server.orchestrator.terminate(node_id)
  const entries = await server.until(node_id, ended)
  const phases = entries.map(({ phase }) => phase)
  expect(phases.filter((phase, i) => phase !== phases[i - 1])).toEqual([
    ...['queued', 'provisioning', 'instance_ready', 'installing', 'model_loading'],
    ...['health_check', 'active', 'failed'],
  ])
  expect(entries.flatMap(({ progress }) => progress ?? [])).toEqual([
    ...[0, 10, 50, 60, 70, 70, 85, 100],
  ])
  expect(entries.at(-1)).toMatchObject({ level: 'warn', message: TERMINATED })
  expect((await server.registry.get(node_id))?.status).toBe('terminated')
  expect(server.faults).toEqual([])
})

test('a failure is one entry, the last one, behind what was said before it', async () => {
  const server = await machine().start()
  const { node_id } = await server.orchestrator.launch(
    request({ task: task({ setup: 'echo no such package; exit 3', run: 'true' }) }),
  )
  const entries = await server.until(node_id, ended)
  expect(entries.filter(ended)).toMatchObject([
    {
      level: 'error',
      message: 'setup failed with exit code 3',
      // What stands above it is not told again.
      details: expect.stringMatching(/^A command of the task’s `setup` failed\.[^\n]*$/),
    },
  ])
  expect(entries.at(-2)?.message).toBe('no such package')
  await waitFor(() => !server.orchestrator.running(node_id) || undefined)
})

test('a node of that id is launched once at a time', async () => {
  const server = await machine().start()
  const asked = request({ node_id: 'gpu-1', task: task({ run: serverScript() }) })
  const results = await Promise.allSettled([
    server.orchestrator.launch(asked),
    server.orchestrator.launch(asked),
  ])
  expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  await expect(server.orchestrator.launch(asked)).rejects.toMatchObject({ status: 409 })
  await server.until('gpu-1', active)
  await server.registry.flush()
  await expect(server.orchestrator.launch(asked)).rejects.toMatchObject({
    status: 409,
    message: 'node gpu-1 is running; terminate it first',
  })
  await expect(server.orchestrator.forget('gpu-1', async () => {})).rejects.toMatchObject({
    status: 409,
  })
})

test('a node whose launch is over is launched again, in a folder of its own', async () => {
  const { folder, start } = machine()
  const server = await start()
  const asked = (run: string) => request({ node_id: 'gpu-1', task: task({ run }) })
  const first = await server.orchestrator.launch(asked('echo first; exit 1'))
  await server.until('gpu-1', ended)
  const second = await server.orchestrator.launch(asked('echo second; exit 1'))
  expect(second).toEqual(first)
  await waitFor(async () => (await server.list('gpu-1')).filter(ended).length === 2 || undefined)
  expect(told(await server.list('gpu-1'))).toContain('model_loading: second')
  expect(readdirSync(join(folder, 'launches'))).toHaveLength(1)
  await waitFor(() => !server.orchestrator.running('gpu-1') || undefined)
  await server.orchestrator.forget('gpu-1', async () => {})
  expect(readdirSync(join(folder, 'launches'))).toEqual([])
})

test.each([
  [{ provider: 'aws' }, 400, 'this server cannot launch provider "aws"; use "local"'],
  [{}, 400, 'provider "local" needs a "task"'],
  [{ task: 'setup: x' }, 400, '"run" is missing'],
])('refuses %j', async (more, status, words) => {
  const server = await machine().start()
  const refused = server.orchestrator.launch(request(more))
  await expect(refused).rejects.toMatchObject({ status, message: expect.stringContaining(words) })
  expect(await server.database.selectFrom('launches').selectAll().execute()).toEqual([])
})

test('disabled, it says which setting enables it, and looks after what runs', async () => {
  const { start, stop } = machine()
  const first = await start()
  const asked = request({ node_id: 'gpu-1', task: task({ run: serverScript() }) })
  await first.orchestrator.launch(asked)
  await stop(first)
  const second = await start({ enabled: false })
  await second.orchestrator.resume()
  await second.until('gpu-1', active)
  await expect(second.orchestrator.launch({ ...asked, node_id: 'gpu-2' })).rejects.toMatchObject({
    status: 400,
    message: expect.stringContaining('LAUNCHTAIL_LOCAL_LAUNCHER'),
  })
  await second.orchestrator.terminate('gpu-1')
  await second.until('gpu-1', ended)
})

test('refuses while the log cannot be stored', async () => {
  const server = await machine().start({
    store: (store) => ({
      ...store,
      ping: async () => {
        throw new StorageUnavailable('away')
      },
    }),
  })
  await expect(server.orchestrator.launch(request({ task: 'run: x' }))).rejects.toBeInstanceOf(
    StorageUnavailable,
  )
})

test('two nodes whose ids share six digits get two cluster names', async () => {
  const server = await machine().start()
  const run = task({ run: 'sleep 60' })
  const launch = (node_id: string) => server.orchestrator.launch(request({ node_id, task: run }))
  const [one, two, three] = await Promise.all([
    launch('550e8400-e29b-41d4-a716-446655440000'),
    launch('550e8401-e29b-41d4-a716-446655440000'),
    launch('550e8400-e29b-41d4-a716-446655440001'),
  ])
  expect([one, two, three].map((made) => made.cluster_name)).toEqual([
    'cic-local-local-cpu-od-550e84',
    'cic-local-local-cpu-od-550e8401',
    'cic-local-local-cpu-od-550e8400',
  ])
  await server.orchestrator.terminate(one.node_id)
  await server.until(one.node_id, ended)
  expect(server.orchestrator.running(two.node_id)).toBe(true)
  expect((await server.list(two.node_id)).some(ended)).toBe(false)
})

test('a cluster’s name holds only what a name may hold', async () => {
  const taken = new Set<string>()
  const named = (nodeId: string) =>
    clusterNameFor({
      ...{ prefix: 'cic', nodeId, provider: 'AWS', region: 'us-west-2', gpu: 'A100-80GB:8' },
      spot: true,
      taken: async (name) => taken.has(name),
    })
  expect(await named('550e8400-e29b')).toBe('cic-aws-uswest2-a100-80gb8-spot-550e84')
  for (const _ of [1, 2, 3]) taken.add(await named('N_1.a'))
  expect([...taken]).toEqual([
    'cic-aws-uswest2-a100-80gb8-spot-n1a',
    'cic-aws-uswest2-a100-80gb8-spot-n1a-2',
    'cic-aws-uswest2-a100-80gb8-spot-n1a-3',
  ])
})

test('secrets are nowhere: not in the list, the folder, or the records in the clear', async () => {
  const { folder, start } = machine()
  const server = await start()
  const { node_id } = await server.orchestrator.launch(
    request({
      task: task({
        secrets: { OWN: 'own-secret-of-the-task' },
        run: 'echo "$OWN $TOKEN"; echo said; sleep 60',
      }),
      secrets: { TOKEN: 'one-more-secret-of-the-request' },
    }),
  )
  await server.until(node_id, says('*** ***'))
  await server.until(node_id, says('said'))
  expect([...server.secrets.of(node_id)].sort()).toEqual([
    'one-more-secret-of-the-request',
    'own-secret-of-the-task',
  ])
  expect(contentOf(folder)).not.toMatch(/own-secret-of-the-task|one-more-secret/)
  const row = () => server.database.selectFrom('launches').selectAll().executeTakeFirstOrThrow()
  expect((await row()).secrets).toMatch(/^v1\./)
  await server.orchestrator.terminate(node_id)
  await waitFor(async () => (await row()).state === 'ended' || undefined)
  expect((await row()).secrets).toBeNull()
})

test('what is sealed opens with its key and for its launch only', () => {
  const key = Buffer.alloc(32, 1)
  const sealed = seal(key, 'launch-1', { TOKEN: 'ü' })
  expect(unseal(key, 'launch-1', sealed)).toEqual({ TOKEN: 'ü' })
  expect(() => unseal(key, 'launch-2', sealed)).toThrow()
  expect(() => unseal(Buffer.alloc(32, 2), 'launch-1', sealed)).toThrow()
})

/**
 * Counts, then serves. It answers only when all it has said is stored: a probe may else be quicker
 * than the output, and tell its news first.
 */
function counting(folder: string) {
  const go = join(folder, 'go')
  const run = [
    'for i in $(seq 1 12); do echo "step $i"; sleep 0.1; done',
    'echo loaded',
    `until [ -e ${go} ]; do sleep 0.02; done`,
    serverScript({ says: '' }),
  ].join('; ')
  const setup = 'for i in 1 2 3 4 5; do echo "setup $i"; sleep 0.05; done'
  return { request: request({ node_id: 'gpu-1', task: task({ setup, run }) }), finished }

  async function finished(server: Server): Promise<string[]> {
    await server.until('gpu-1', says('loaded'))
    writeFileSync(go, '')
    return told(await server.until('gpu-1', active))
  }
}

let quiet: Promise<string[]> | undefined

/** The list of a launch nobody disturbs. */
function undisturbed(): Promise<string[]> {
  quiet ??= launchQuietly()
  return quiet
}

async function launchQuietly(): Promise<string[]> {
  const { folder, start } = machine()
  const server = await start()
  const { request, finished } = counting(folder)
  await server.orchestrator.launch(request)
  return finished(server)
}

test.each([['setup 2'], ['step 2'], ['step 11']])(
  'a server that ends at %j is followed by one that loses and doubles nothing',
  async (moment) => {
    const expected = await undisturbed()
    const { folder, start, stop } = machine()
    const { request, finished } = counting(folder)
    const first = await start()
    await first.orchestrator.launch(request)
    await first.until('gpu-1', says(moment))
    await stop(first)
    // What is written meanwhile belongs into the list too.
    await new Promise((resolve) => setTimeout(resolve, 200))
    const second = await start()
    await second.orchestrator.resume()
    expect(await finished(second)).toEqual(expected)
    expect(second.faults).toEqual([])
  },
)

test('a server that is killed with -9 is followed by one that loses and doubles nothing', async () => {
  const expected = await undisturbed()
  const { folder, start } = machine()
  const { request, finished } = counting(folder)
  const asked = JSON.stringify(request)
  const program = fileURLToPath(new URL('./support/launching-process.ts', import.meta.url))
  const child = spawn(process.execPath, [...FROM_SOURCES, program, folder, asked, 'step 3'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  cleanups.push(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await once(child, 'exit')
  const server = await start()
  await server.orchestrator.resume()
  expect(await finished(server)).toEqual(expected)
})

test('an owner that does not know of the next one is refused, and lets go quietly', async () => {
  const expected = await undisturbed()
  const { folder, start } = machine()
  const { request, finished } = counting(folder)
  const first = await start({ owner: 'first', lease: 3_600_000 })
  await first.orchestrator.launch(request)
  await first.until('gpu-1', says('step 2'))
  const second = await start({ owner: 'second', lease: 3_600_000 })
  await second.orchestrator.resume()
  expect(second.orchestrator.running('gpu-1')).toBe(false)
  await second.database.updateTable('launches').set({ leased_until: 0 }).execute()
  await second.orchestrator.resume()
  expect(second.orchestrator.running('gpu-1')).toBe(true)
  await waitFor(() => !first.orchestrator.running('gpu-1') || undefined)
  expect(await finished(second)).toEqual(expected)
  expect(first.faults).toEqual([])
  const row = await second.database.selectFrom('launches').selectAll().executeTakeFirstOrThrow()
  expect(row).toMatchObject({ owner: 'second', owner_number: 2, state: 'running' })
  // What it lets go of is not its own any more.
  expect(row.leased_until).toBeGreaterThan(Date.now())
})

test('whoever cannot renew its lease gives the launch up, and takes it up when that is possible', async () => {
  const expected = await undisturbed()
  const { folder, start } = machine()
  const { request, finished } = counting(folder)
  const server = await start({ lease: 500 })
  await server.orchestrator.resume()
  await server.orchestrator.launch(request)
  await server.until('gpu-1', says('step 2'))
  const lock = await openSqlite(join(folder, 'records.db'))
  lock.exec('begin immediate')
  await waitFor(() => !server.orchestrator.running('gpu-1') || undefined)
  lock.close()
  expect(await finished(server)).toEqual(expected)
  const row = await server.database.selectFrom('launches').selectAll().executeTakeFirstOrThrow()
  expect(row.owner_number).toBeGreaterThan(1)
})

test('a launch that is not taken up yet is a launch', async () => {
  const { start, stop } = machine()
  const first = await start()
  const asked = request({ node_id: 'gpu-1', task: task({ run: 'sleep 60' }) })
  await first.orchestrator.launch(asked)
  await stop(first)
  const second = await start()
  await expect(second.orchestrator.launch(asked)).rejects.toMatchObject({ status: 409 })
  await expect(second.orchestrator.forget('gpu-1', async () => {})).rejects.toMatchObject({
    status: 409,
  })
  await second.orchestrator.terminate('gpu-1')
  expect((await second.list('gpu-1')).some(ended)).toBe(false)
  await second.orchestrator.resume()
  expect((await second.until('gpu-1', ended)).at(-1)?.message).toBe(TERMINATED)
})

test('an active node is taken up as such', async () => {
  const { start, stop } = machine()
  const first = await start()
  const script = serverScript({ afterwards: 'setInterval(() => console.log(Date.now()), 50)' })
  await first.orchestrator.launch(request({ node_id: 'gpu-1', task: task({ run: script }) }))
  await first.until('gpu-1', active)
  await stop(first)
  const second = await start()
  const before = await second.list('gpu-1')
  await second.orchestrator.resume()
  const after = await waitFor(async () => {
    const entries = await second.list('gpu-1')
    return entries.length > before.length + 3 ? entries : undefined
  })
  expect(new Set(after.map(({ message }) => message)).size).toBe(after.length)
  expect(after.filter(({ progress }) => progress === 100)).toHaveLength(1)
  expect((await second.registry.get('gpu-1'))?.status).toBe('active')
})

test('a server that dies before the handle is stored leaves one launch behind', async () => {
  const { start } = machine()
  const handles: Identity[] = []
  // Dead to the world as soon as the launch is started; the test's end closes what is left of it.
  let hang = () => {}
  const dying = (local: Launcher): Launcher => ({
    ...local,
    async start(launch) {
      handles.push((await local.start(launch)) as Identity)
      return new Promise((_, reject) => {
        hang = () => reject(new Error('dead'))
      })
    },
  })
  const first = await start({ launchers: (local) => [dying(local)] })
  cleanups.push(() => hang())
  await first.orchestrator.launch(
    request({ node_id: 'gpu-1', task: task({ run: `echo "here $$"; ${serverScript()}` }) }),
  )
  await waitFor(() => handles[0])
  const second = await start()
  await second.orchestrator.resume()
  const entries = await second.until('gpu-1', active)
  expect(entries.filter(({ message }) => message.startsWith('here'))).toHaveLength(1)
  const row = await second.database.selectFrom('launches').selectAll().executeTakeFirstOrThrow()
  expect(JSON.parse(row.handle ?? '')).toEqual(handles[0])
  await second.orchestrator.terminate('gpu-1')
  await second.until('gpu-1', ended)
})

test('a launch that was stored and not started is started by the next server', async () => {
  const { start, stop } = machine()
  const first = await start({
    launchers: (local) => [{ ...local, start: () => Promise.reject(new Error('closed')) }],
  })
  // As if it had died between the two: the row is there, and the start did not happen.
  const launched = first.orchestrator.launch(
    request({ node_id: 'gpu-1', task: task({ run: serverScript() }), secrets: { A: 'secret-a' } }),
  )
  await first.orchestrator.close()
  await launched
  expect((await first.list('gpu-1')).some(active)).toBe(false)
  await stop(first)
  const second = await start()
  await second.orchestrator.resume()
  const entries = await second.until('gpu-1', active)
  expect(entries.filter(ended)).toEqual([])
})

test('a termination that was interrupted is completed', async () => {
  const { start, stop } = machine()
  const first = await start({
    launchers: (local) => [{ ...local, cancel: () => Promise.reject(new Error('not today')) }],
  })
  await first.orchestrator.launch(
    request({ node_id: 'gpu-1', task: task({ run: 'echo "here $$"; sleep 60' }) }),
  )
  const entries = await first.until('gpu-1', ({ message }) => message.startsWith('here'))
  const pid = Number(entries.at(-1)?.message.slice(5))
  await first.orchestrator.terminate('gpu-1')
  await waitFor(() => first.faults.length > 0 || undefined)
  await stop(first)
  expect(identify(pid)).toBeDefined()
  const second = await start()
  await second.orchestrator.resume()
  const all = await second.until('gpu-1', ended)
  expect(all.filter(ended)).toMatchObject([{ level: 'warn', message: TERMINATED }])
  expect(identify(pid)).toBeUndefined()
})

test('a failure that was stored is not stored again', async () => {
  const { start, stop } = machine()
  const first = await start()
  await first.orchestrator.launch(request({ node_id: 'gpu-1', task: task({ run: 'exit 1' }) }))
  await first.until('gpu-1', ended)
  await waitFor(() => !first.orchestrator.running('gpu-1') || undefined)
  // As if it had died between the entry and the row.
  await first.database.updateTable('launches').set({ state: 'running' }).execute()
  const before = await first.list('gpu-1')
  await stop(first)
  const second = await start()
  await second.orchestrator.resume()
  const row = () => second.database.selectFrom('launches').selectAll().executeTakeFirstOrThrow()
  await waitFor(async () => (await row()).state === 'ended' || undefined)
  expect(await second.list('gpu-1')).toEqual(before)
})

test('what cannot be taken up fails with the reason', async () => {
  const { folder, start, stop } = machine()
  const first = await start()
  const run = task({ run: 'sleep 60' })
  for (const node_id of ['killed', 'removed', 'foreign']) {
    await first.orchestrator.launch(request({ node_id, task: run }))
    await first.until(node_id, ({ message }) => message.startsWith('Run started'))
  }
  await first.database
    .updateTable('launches')
    .set({ launcher: 'skypilot' })
    .where('node_id', '=', 'foreign')
    .execute()
  const rows = await first.database.selectFrom('launches').selectAll().execute()
  await stop(first)
  const rowOf = (id: string) => rows.find(({ node_id }) => node_id === id) as (typeof rows)[number]
  const pidOf = (id: string) => (JSON.parse(rowOf(id).handle ?? '') as Identity).pid
  process.kill(pidOf('killed'), 'SIGKILL')
  removeFolder(join(folder, 'launches', rowOf('removed').launch_id))
  const second = await start()
  await second.orchestrator.resume()
  const reason = async (id: string) => (await second.until(id, ended)).at(-1)?.message
  expect(await reason('killed')).toMatch(/watched over the launch .* is gone/)
  expect(await reason('removed')).toBe('the folder of the launch is gone')
  expect(await reason('foreign')).toBe('the launcher "skypilot" is not available any more')
  await gone(pidOf('removed'))
  process.kill(pidOf('foreign'), 'SIGTERM')
  await gone(pidOf('foreign'))
})

test('storage that is away for a while costs nothing and doubles nothing', async () => {
  const expected = await undisturbed()
  const random = seededRandom('refusals')
  const refused = { before: 0, after: 0 }
  let away = false
  const { folder, start } = machine()
  const { request, finished } = counting(folder)
  const server = await start({
    store: (store) => ({
      ...store,
      async append(nodeId, texts, how) {
        if (away && random() < 0.5) {
          refused.before += 1
          throw new StorageUnavailable('away')
        }
        const appended = await store.append(nodeId, texts, how)
        if (!away) return appended
        refused.after += 1
        throw new StorageUnavailable('the answer was lost')
      },
    }),
  })
  await server.orchestrator.launch(request)
  await server.until('gpu-1', says('step 2'))
  away = true
  await waitFor(() => (refused.before > 0 && refused.after > 0) || undefined)
  away = false
  expect(await finished(server)).toEqual(expected)
})

test('a list that was lost on the way comes again from the output', async () => {
  const expected = await undisturbed()
  const { folder, start } = machine()
  const { request, finished } = counting(folder)
  const server = await start()
  await server.orchestrator.launch(request)
  await server.until('gpu-1', says('step 3'))
  await server.store.remove('gpu-1')
  const entries = await finished(server)
  expect(entries.map((text) => text.replace(/.*?: /, ''))).toEqual(
    expected.slice(1).map((text) => text.replace(/.*?: /, '')),
  )
})

test('the example node is launched, loads its model and answers', async () => {
  const server = await machine().start()
  const example = readFileSync(
    new URL('../../../examples/local-node.yaml', import.meta.url),
    'utf8',
  )
  await server.orchestrator.launch(
    request({ node_id: 'gpu-1', task: example, envs: { PAUSE: '1' } }),
  )
  const entries = await server.until('gpu-1', active)
  expect(entries.map(({ message }) => message)).toContain('Example server: ready')
  const endpoint = entries.find(active)?.details
  const ask = async (stream: boolean) => {
    const messages = [{ role: 'user', content: 'The log' }]
    const body = JSON.stringify({ messages, max_tokens: 20, stream })
    return (await fetch(`${endpoint}/v1/chat/completions`, { method: 'POST', body })).text()
  }
  expect(JSON.parse(await ask(false)).choices[0].message.content).toHaveLength(20)
  expect((await ask(true)).endsWith('data: [DONE]\n\n')).toBe(true)
})

test('terminating is once, also for a node that something else launched', async () => {
  const server = await machine().start()
  await server.registry.create({ nodeId: 'sent-in', about: {} })
  await Promise.all([
    server.orchestrator.terminate('sent-in'),
    server.orchestrator.terminate('sent-in'),
  ])
  expect(await server.list('sent-in')).toMatchObject([{ message: TERMINATED, phase: 'failed' }])
  await expect(server.orchestrator.terminate('nobody')).rejects.toMatchObject({ status: 404 })

  await server.orchestrator.launch(request({ node_id: 'gpu-1', task: task({ run: 'exit 1' }) }))
  await server.until('gpu-1', ended)
  await server.orchestrator.terminate('gpu-1')
  expect((await server.list('gpu-1')).filter(ended)).toHaveLength(1)
})

test('a launch is terminated at any moment', async () => {
  const { folder, start } = machine()
  const server = await start()
  for (const wait of [0, 60, 150, 250, 400]) {
    const node_id = `after-${wait}`
    await server.orchestrator.launch(
      request({ node_id, task: task({ setup: 'sleep 0.1', run: serverScript() }) }),
    )
    await new Promise((resolve) => setTimeout(resolve, wait))
    await server.orchestrator.terminate(node_id)
    await server.orchestrator.terminate(node_id)
    const entries = await server.until(node_id, ended)
    expect(entries.filter(ended)).toMatchObject([{ message: TERMINATED }])
  }
  await waitFor(() => !server.orchestrator.running('after-400') || undefined)
  for (const id of readdirSync(join(folder, 'launches'))) {
    const file = join(folder, 'launches', id, 'supervisor/supervisor.json')
    if (existsSync(file)) await gone(JSON.parse(readFileSync(file, 'utf8')).pid)
  }
})
