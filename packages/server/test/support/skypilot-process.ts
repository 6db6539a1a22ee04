/** A server that launches through SkyPilot, in a process of its own, for a test to kill. */
import { skypilotLauncher } from '../../src/launch/skypilot/api/launcher.js'
import { startLaunching } from './launching.js'

const [folder, endpoint, request] = process.argv.slice(2) as [string, string, string]
const launcher = skypilotLauncher({
  ...{ endpoint, versions: { vllm: '1', uv: '1', python: '3' }, launchTimeout: 60_000 },
  pace: { status: 50, endpoint: 50, probe: 20, first: 20, quiet: 60 },
  http: { poll: 20 },
})
const server = await startLaunching({ folder, launchers: (local) => [local, launcher] })
await server.orchestrator.launch(JSON.parse(request))
