import { afterAll, expect, onTestFinished, test } from 'vitest'
import { startCommand } from './support/command.js'
import { plain } from './support/launch-scenarios.js'
import { endAll, startServer } from './support/processes.js'
import { startDouble } from './support/skypilot-double.js'

afterAll(endAll)

test('the doctor says whether a launch will work', async () => {
  const api = await startDouble({ scenario: plain(), health: { version: '0.14.1' } })
  onTestFinished(() => api.close())
  const server = await startServer({ env: { SKYPILOT_API_SERVER_ENDPOINT: api.url } })
  const well = await startCommand(server.url, ['doctor']).ended
  expect(well).toMatchObject({ code: 0, stderr: '' })
  expect(well.stdout.split('\n')).toEqual([
    expect.stringMatching(/^✓ server {5}http:\S+ answers in [\d.]+s$/),
    '✓ storage    ready',
    '✓ clock      the same as here',
    '✓ skypilot   API server 0.14.1 (API version 27), as launchtail',
    '✓ Slurm      enabled',
    expect.stringMatching(/^ {13}└── far: disabled\. Reason: Failed to connect/),
    '             No MaxTime.',
    '✓ infra      1 of 2 enabled',
    '✓ clusters   none',
    '',
  ])
  const json = await startCommand(server.url, ['doctor', '--json']).ended
  expect(JSON.parse(json.stdout)).toMatchObject({ way: 'api', version: '0.14.1' })
})

test('a SkyPilot that is away is a problem, in words and by the exit code', async () => {
  const env = { SKYPILOT_API_SERVER_ENDPOINT: 'http://127.0.0.1:9' }
  const server = await startServer({ env })
  const { stdout, stderr, code } = await startCommand(server.url, ['doctor']).ended
  expect(stdout).toMatch(/✗ skypilot {3}the SkyPilot API server \S+ cannot be reached/)
  expect({ stderr, code }).toEqual({ stderr: 'launchtail: there is a problem\n', code: 1 })
})
