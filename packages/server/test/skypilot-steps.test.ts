import type { LogEntry } from '@launchtail/client/protocol'
import { expect, onTestFinished, test } from 'vitest'
import { skypilotLauncher } from '../src/launch/skypilot/api/launcher.js'
import { removeFolder, startLaunching, temporaryFolder } from './support/launching.js'
import { type Scenario, startDouble } from './support/skypilot-double.js'

const PACE = {
  ...{ status: 60, cluster: 200, endpoint: 40, probe: 20, steps: 150, first: 20, longest: 150 },
  ...{ grace: 3000, quiet: 100, patience: 300, start: 300, settle: 300, cleanup: 3000 },
}

async function launch(scenario: Scenario) {
  const api = await startDouble({ scenario })
  const folder = temporaryFolder()
  const versions = { vllm: '0.13.0', uv: '0.9.7', python: '3.12' }
  const launcher = skypilotLauncher({
    ...{ endpoint: api.url, versions, launchTimeout: 20_000, pace: PACE, http: { poll: 20 } },
  })
  const server = await startLaunching({ folder, launchers: (local) => [local, launcher] })
  onTestFinished(async () => {
    await server.stop()
    await api.close()
    removeFolder(folder)
  })
  const request = { provider: 'aws', region: 'local', gpu: 'H100', model: 'm/m', node_id: 'n' }
  await server.orchestrator.launch(request)
  return { api, server }
}

const EVENTS = [
  ['Provisioning on slurm in lab', 'provisioning', 15],
  ['Instances launched on slurm in lab', 'instance_ready', 50],
  ['Running setup commands to install dependencies', 'installing', 60],
] as const

const phaseIs = (phase: LogEntry['phase']) => (entry: LogEntry) => entry.phase === phase

test('a launch whose lines nobody can read goes through the phases by SkyPilot’s own record', async () => {
  const { api, server } = await launch({
    request: EVENTS.flatMap(([event, phase]) => [
      { text: `Zorb the ${phase}\n` },
      { event },
      { gate: phase },
    ]),
    job: [{ text: 'Waiting for task resources on 1 node.\n' }, { job: 'RUNNING' }],
  })
  for (const [event, phase, progress] of EVENTS) {
    const entries = await server.until('n', phaseIs(phase))
    expect(entries.find(phaseIs(phase))).toMatchObject({ message: event, progress })
    api.pass(phase)
  }
})

test('a job’s status moves the launch on where its output says nothing', async () => {
  const { server } = await launch({
    request: [{ text: 'Zorb\n' }],
    job: [{ text: '(task, pid=7) quiet\n' }, { job: 'SETTING_UP' }],
  })
  const entries = await server.until('n', phaseIs('installing'))
  expect(entries.find(phaseIs('installing'))).toMatchObject({
    message: 'The job is being set up.',
    progress: 62,
  })
})

test('what the output has told is not said again', async () => {
  const { api, server } = await launch({
    request: [
      { text: '⚙︎ Launching on Slurm lab (main).\n' },
      { event: 'Provisioning on slurm in lab' },
      { text: '└── Instance is up.\n' },
      { event: 'Instances launched on slurm in lab' },
      { gate: 'on' },
    ],
  })
  await server.until('n', phaseIs('instance_ready'))
  const looks = () => api.calls.filter((path) => path === '/cluster_events').length
  const before = looks()
  while (looks() < before + 3) await new Promise((resolve) => setTimeout(resolve, 20))
  const messages = (await server.list('n')).map(({ message }) => message)
  expect(messages.filter((message) => /slurm in lab/.test(message))).toEqual([])
})
