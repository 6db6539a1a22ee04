import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { describeApi } from '../src/launch/skypilot/describe/api.js'
import { infraIn } from '../src/launch/skypilot/describe/check-text.js'
import { describeCommand } from '../src/launch/skypilot/describe/command.js'
import { plain } from './support/launch-scenarios.js'
import { removeFolder, temporaryFolder } from './support/launching.js'
import { CHECK, type DoubleOptions, startDouble } from './support/skypilot-double.js'

const INFRA = [
  {
    name: 'AWS',
    enabled: false,
    warnings: [
      'AWS dependencies are not installed. Run the following commands:',
      '$ pip install skypilot[aws]',
    ],
  },
  {
    name: 'Slurm',
    enabled: true,
    warnings: ['└── far: disabled. Reason: Failed to connect to the login node.', 'No MaxTime.'],
  },
]

async function double(options: Partial<DoubleOptions> = {}) {
  const api = await startDouble({ scenario: plain(), ...options })
  onTestFinished(() => api.close())
  return api
}

test('a check is read: what is enabled, and the remarks on it', () => {
  expect(infraIn(CHECK)).toEqual(INFRA)
})

test('an API server: its version, who we are there, what is enabled, and our clusters', async () => {
  const api = await double({
    health: { version: '0.14.1', api_version: '62', user: { name: 'launcher' } },
  })
  api.addCluster('cic-x')
  const state = await describeApi({ endpoint: api.url }).describe()
  expect(state).toEqual({
    ...{ way: 'api', version: '0.14.1', api_version: 62, user: 'launcher', open: false },
    infra: INFRA,
    clusters: [{ name: 'cic-x', status: 'UP' }],
  })
})

test('requests come from the user that a setting names', async () => {
  const api = await double()
  const state = await describeApi({ endpoint: api.url, user: 'team-a' }).describe()
  expect(state.user).toBe('team-a')
  const users = api.bodies.map(
    ({ body }) => (body.env_vars as { SKYPILOT_USER?: string })?.SKYPILOT_USER,
  )
  expect(new Set(users.filter(Boolean))).toEqual(new Set(['team-a']))
})

test('the check is made once for all who ask within a minute', async () => {
  const api = await double()
  const { describe } = describeApi({ endpoint: api.url })
  await Promise.all([describe(), describe()])
  await describe()
  expect(api.calls.filter((path) => path === '/check')).toHaveLength(1)
})

test('an API server that is away is a problem in words', async () => {
  const api = await double()
  api.setAway(true)
  const { problem, infra } = await describeApi({ endpoint: api.url }).describe()
  expect(problem).toMatch(/^the SkyPilot API server \S+ cannot be reached/)
  expect(infra).toEqual([])
})

test('a check that never ends is a problem, too', async () => {
  const api = await double()
  api.intercept(({ path, go }) => (path === '/api/stream' ? undefined : go()))
  const state = await describeApi({ endpoint: api.url, timeout: 300 }).describe()
  expect(state.version).toBe('0.11.0')
  expect(state.problem).toBeDefined()
})

test('the `sky` command', async () => {
  const folder = temporaryFolder()
  onTestFinished(() => removeFolder(folder))
  mkdirSync(join(folder, 'bin'))
  const file = join(folder, 'bin', 'sky')
  writeFileSync(join(folder, 'check.txt'), CHECK)
  writeFileSync(
    file,
    `#!/bin/sh
case "$1" in
  --version) echo 'skypilot, version 0.14.1' ;;
  check) cat '${folder}/check.txt' ;;
  status) printf 'Clusters\\n[{"name":"mine","status":"UP"}]\\n' ;;
esac
`,
  )
  chmodSync(file, 0o755)
  const PATH = `${join(folder, 'bin')}:${process.env.PATH}`
  const state = await describeCommand({ env: { ...process.env, PATH } }).describe()
  expect(state).toMatchObject({
    ...{ way: 'command', version: '0.14.1', user: expect.any(String) },
    infra: INFRA,
    clusters: [{ name: 'mine', status: 'UP' }],
  })
  expect(state).not.toHaveProperty('problem')
})

test('no `sky` command is a problem that says what to do', async () => {
  const { problem } = await describeCommand({ env: { PATH: '/nowhere' } }).describe()
  expect(problem).toMatch(/^SkyPilot is not installed: "sky" was not found on PATH; install it/)
})
