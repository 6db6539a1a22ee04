/** One of several servers with the same records and logs, in a process of its own. */
import type { GroupRequest, LaunchRequest } from '@launchtail/client/protocol'
import { skypilotLauncher } from '../../src/launch/skypilot/api/launcher.js'
import type { Once } from '../../src/nodes/launches.js'
import { type ServerOptions, startLaunching } from './launching.js'

export interface OwnerOptions
  extends Pick<ServerOptions, 'folder' | 'redisUrl' | 'databaseUrl' | 'lease'> {
  owner: string
  /** Of a SkyPilot API server, where it has one. */
  endpoint?: string
  launchTimeout?: number
}

export type Order =
  | { launch: LaunchRequest; once?: Once }
  | { launchGroup: GroupRequest }
  | { terminateGroup: string }
  | { terminate: string }
  | { isRunning: string }
  | { stop: true }

const {
  endpoint,
  launchTimeout = 60_000,
  ...options
} = JSON.parse(process.argv[2] as string) as OwnerOptions
const server = await startLaunching({
  ...options,
  launchTimeout,
  launchers: (local) => [local, ...(endpoint === undefined ? [] : [skypilot(endpoint)])],
})
await server.orchestrator.resume()
process.on('message', (order: Order) => {
  carryOut(order).then(
    (answer) => process.send?.({ answer }, () => 'stop' in order && process.disconnect()),
    (error) => process.send?.({ error: String(error) }),
  )
})
process.send?.({ answer: 'up' })

async function carryOut(order: Order): Promise<unknown> {
  if ('launch' in order) return server.orchestrator.launch(order.launch, order.once)
  if ('launchGroup' in order) return server.orchestrator.groups.launch(order.launchGroup)
  if ('terminateGroup' in order) return server.orchestrator.groups.terminate(order.terminateGroup)
  if ('terminate' in order) return server.orchestrator.terminate(order.terminate)
  if ('isRunning' in order) return server.orchestrator.running(order.isRunning)
  return server.stop()
}

function skypilot(endpoint: string) {
  return skypilotLauncher({
    ...{ endpoint, versions: { vllm: '1', uv: '1', python: '3' }, launchTimeout },
    pace: { status: 50, cluster: 200, endpoint: 50, probe: 20, first: 20, quiet: 60, settle: 300 },
    http: { poll: 20 },
  })
}
