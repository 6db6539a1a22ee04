import { once } from 'node:events'
import type { LogEntry } from '@launchtail/client/protocol'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Launcher } from '../src/launch/launcher.js'
import { skypilotLauncher } from '../src/launch/skypilot/api/launcher.js'
import { skyCommandLauncher } from '../src/launch/skypilot/cli/launcher.js'
import { plainOutOfMemory } from './support/launch-scenarios.js'
import {
  removeFolder,
  type ServerOptions,
  startLaunching,
  temporaryFolder,
  waitFor,
} from './support/launching.js'
import { skyOnPath } from './support/sky-double.js'
import { type Double, startDouble } from './support/skypilot-double.js'

const REQUEST = { node_id: 'gpu-1', provider: 'aws', region: 'x', gpu: 'H100', model: 'm/m' }
const ended = ({ phase }: LogEntry) => phase === 'failed'

describe.each(['API server', 'command'])('through the %s', (way) => {
  async function open() {
    const api = await startDouble({ scenario: plainOutOfMemory() })
    onTestFinished(() => api.close())
    const folder = emptyFolder()
    const more = {
      versions: { vllm: '1', uv: '1', python: '3' },
      launchTimeout: 20_000,
      pace: { status: 40, endpoint: 100, first: 20, quiet: 50, settle: 100, cleanup: 300 },
    }
    const launcher =
      way === 'command'
        ? skyCommandLauncher({ env: skyOnPath(folder, api.url), ...more })
        : skypilotLauncher({ endpoint: api.url, http: { poll: 20 }, ...more })
    return { api, folder, launcher }
  }

  test('a cluster that outlives its launch’s failure is taken down after it', async () => {
    const { api, folder, launcher } = await open()
    const answering = takesNothingDown(api)
    const server = await serve({ folder, launchers: () => [launcher] })
    const { cluster_name } = await server.orchestrator.launch(REQUEST)
    const entries = await server.until('gpu-1', ended)
    expect(entries.at(-1)?.details).toContain(
      `The cluster ${cluster_name} may still be there (it was not gone within 0.3s). This server goes on taking it down`,
    )
    expect(api.clusters.has(cluster_name)).toBe(true)
    answering()
    await waitFor(() => !api.clusters.has(cluster_name))
    await waitFor(() => server.notices.length > 0)
    expect(server.notices[0]).toMatch(`took down the cluster ${cluster_name}, left by the launch`)
    expect(await leftIn(server)).toEqual([])
  })

  test('it is taken down by the next server where this one ends first', async () => {
    const { api, folder, launcher } = await open()
    const answering = takesNothingDown(api)
    const first = await startLaunching({ folder, launchers: () => [launcher] })
    await first.orchestrator.resume()
    const { cluster_name } = await first.orchestrator.launch(REQUEST)
    await first.until('gpu-1', ended)
    await waitFor(async () => (await leftIn(first)).some(({ attempts }) => attempts > 0))
    await first.stop()
    expect(api.clusters.has(cluster_name)).toBe(true)
    answering()
    await serve({ folder, launchers: () => [launcher] })
    await waitFor(() => !api.clusters.has(cluster_name))
  })
})

test('it is tried again and again, and each fault is told', async () => {
  let tries = 0
  const launcher = leaving(async () => {
    tries += 1
    if (tries < 4) throw new Error('SkyPilot is away')
  })
  const server = await serve({ launchers: () => [launcher] })
  const { cluster_name } = await server.orchestrator.launch(REQUEST)
  await waitFor(() => server.notices.length > 0)
  expect(tries).toBe(4)
  expect(server.faults).toHaveLength(3)
  expect(server.faults[0]).toMatchObject({
    message: `taking down the cluster ${cluster_name}, left by the launch of gpu-1`,
    error: new Error('SkyPilot is away'),
  })
})

test('a process that was killed amid an attempt is succeeded at once by its next', async () => {
  let tries = 0
  const hanging = leaving(async (_, signal) => {
    tries += 1
    await once(signal, 'abort')
    throw signal.reason
  })
  const takeDowns = { look: 2000, first: 20, longest: 100 }
  const { orchestrator, folder } = await serve({ launchers: () => [hanging], takeDowns })
  await orchestrator.launch(REQUEST)
  await waitFor(() => tries > 0)
  // The first still has its claim, as it would after a crash.
  const second = await serve({ folder, launchers: () => [leaving(async () => {})] })
  await waitFor(() => second.notices.length > 0)
  expect(tries).toBe(1)
})

test('it is given up after a day, in words', async () => {
  const launcher = leaving(async () => {
    throw new Error('SkyPilot is away')
  })
  const takeDowns = { look: 20, first: 20, longest: 50, limit: 100 }
  const server = await serve({ launchers: () => [launcher], takeDowns })
  const { cluster_name } = await server.orchestrator.launch(REQUEST)
  await waitFor(async () => server.faults.length > 0 && (await leftIn(server)).length === 0)
  expect(server.faults.at(-1)).toMatchObject({
    message: `gave up taking down the cluster ${cluster_name}, left by the launch of gpu-1: check \`sky status\`, and take it down with \`sky down ${cluster_name}\``,
  })
})

test('the node’s next launch has a cluster of another name, which is left alone', async () => {
  const taken: string[] = []
  const launcher = leaving(async (name, signal) => {
    taken.push(name)
    await once(signal, 'abort')
  })
  const server = await serve({ launchers: () => [launcher] })
  const first = await server.orchestrator.launch(REQUEST)
  await waitFor(() => taken.length > 0)
  const second = await server.orchestrator.launch(REQUEST)
  expect(second.cluster_name).not.toBe(first.cluster_name)
  await waitFor(() => taken.length > 1)
  expect(taken).toEqual([first.cluster_name, second.cluster_name])
})

/** A launcher whose launches fail at once, and leave their clusters. */
function leaving(takeDown: Launcher['takeDown']): Launcher {
  return {
    name: 'leaving',
    serves: () => true,
    check: async () => {},
    plan: async () => ({ task: '', places: [], problems: [] }),
    start: async () => ({}),
    // biome-ignore lint/correctness/useYield: it has no news
    attach: async function* () {
      return { message: 'it failed', left: true }
    },
    cancel: async () => {},
    takeDown,
    costs: async () => [],
  }
}

/** SkyPilot takes each request to take a cluster down, and carries none out until it is told to. */
function takesNothingDown(api: Double): () => void {
  let waiting = () => {}
  const told = new Promise<void>((resolve) => {
    waiting = resolve
  })
  api.intercept(async ({ path, go, res }) => {
    if (path !== '/down') return go()
    const left = new Promise<void>((resolve) => res.once('close', resolve))
    await Promise.race([told, left])
    if (!res.closed) return go()
  })
  return () => {
    waiting()
    api.intercept(undefined)
  }
}

function emptyFolder(): string {
  const folder = temporaryFolder()
  onTestFinished(() => removeFolder(folder))
  return folder
}

async function serve({ folder = emptyFolder(), ...options }: Partial<ServerOptions>) {
  const server = await startLaunching({ folder, ...options })
  onTestFinished(() => server.stop())
  await server.orchestrator.resume()
  return { ...server, folder }
}

function leftIn({ database }: Pick<Awaited<ReturnType<typeof startLaunching>>, 'database'>) {
  return database.selectFrom('left_clusters').selectAll().execute()
}
