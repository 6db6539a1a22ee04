import type { LogEntry, NodeRecord, PlanRequest } from '@launchtail/client/protocol'
import { onTestFinished } from 'vitest'
import type { Launcher } from '../../src/launch/launcher.js'
import { skypilotLauncher } from '../../src/launch/skypilot/api/launcher.js'
import {
  removeFolder,
  type ServerOptions,
  startLaunching,
  temporaryFolder,
  waitFor,
} from './launching.js'
import { priced } from './priced.js'
import { startDouble } from './skypilot-double.js'

export const REQUEST = { node_id: 'gpu-1', provider: 'aws', region: 'x', gpu: 'H100', model: 'm/m' }

export const active = ({ phase }: LogEntry) => phase === 'active'
export const failed = ({ phase }: LogEntry) => phase === 'failed'
export const terminated = ({ message }: LogEntry) => message === 'Node terminated'

/** Noon of a day, in milliseconds since 1970. */
export const NOON = Date.UTC(2026, 10, 28, 12)

/** A SkyPilot that chooses places at $3.67 an hour, and what launches there. */
export async function pricedSkypilot() {
  const api = await startDouble({ scenario: () => priced('3.67') })
  onTestFinished(() => api.close())
  const launcher = skypilotLauncher({
    ...{ endpoint: api.url, http: { poll: 20 }, launchTimeout: 20_000 },
    versions: { vllm: '1', uv: '1', python: '3' },
    pace: { status: 40, endpoint: 100, first: 20, quiet: 50, settle: 100, cleanup: 5000 },
  })
  return { api, launcher }
}

/** A server with a budget a day. */
export async function withBudget(budget?: number) {
  const { api, launcher } = await pricedSkypilot()
  const folder = temporaryFolder()
  onTestFinished(() => removeFolder(folder))
  const costs = { every: 50 }
  const served = await serving(folder, launcher, { ...(budget && { budget }), costs })
  // At noon, whatever the time is.
  served.ahead.ms = NOON - Date.now()
  return { api, ...served }
}

/** A server whose clock can be put ahead. */
export async function serving(
  folder: string,
  launcher: Launcher,
  more: Partial<ServerOptions> = {},
) {
  const ahead = { ms: 0 }
  const now = () => new Date(Date.now() + ahead.ms)
  const start = async () => {
    const started = await startLaunching({ folder, launchers: () => [launcher], now, ...more })
    await started.orchestrator.resume()
    return started
  }
  let server = await start()
  onTestFinished(() => server.stop())
  return {
    ahead,
    database: () => server.database,
    stats: (question: Parameters<typeof server.registry.stats>[0]) =>
      server.registry.stats(question),
    groups: () => server.orchestrator.groups,
    today: () => server.orchestrator.today(),
    plan: (request: PlanRequest) => server.orchestrator.plan(request),
    list: () => server.list('gpu-1'),
    launches: async () => server.registry.launches.list(await recordOf()),
    launch: (request: object) => server.orchestrator.launch({ ...REQUEST, ...request }),
    terminate: () => server.orchestrator.terminate('gpu-1'),
    until: (like: (entry: LogEntry) => boolean) => server.until('gpu-1', like),
    recordOf,
    /** Until it is noted that all machines are gone. */
    gone: () =>
      waitFor(async () => {
        const rows = server.database.selectFrom('instances').select('launch_id')
        return (await rows.where('down_at', 'is', null).execute()).length === 0
      }),
    async restart() {
      await server.stop()
      server = await start()
    },
  }

  async function recordOf(): Promise<NodeRecord> {
    const record = await server.registry.find('gpu-1')
    if (!record) throw new Error('there is no record')
    return record
  }
}
