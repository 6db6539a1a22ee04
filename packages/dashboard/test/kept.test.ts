import { afterAll, expect, onTestFinished, test } from 'vitest'
import { startCommand } from '../../server/test/support/command.js'
import { plainOutOfMemory } from '../../server/test/support/launch-scenarios.js'
import { endAll, startServer, until } from '../../server/test/support/processes.js'
import { startDouble } from '../../server/test/support/skypilot-double.js'
import { startBrowser } from './support/browser.js'
import { open } from './support/page.js'

const tabs = startBrowser()
afterAll(endAll)

test('what is kept of a failed launch counts down, is kept longer, and is taken down', async () => {
  const api = await startDouble({ scenario: plainOutOfMemory() })
  onTestFinished(() => api.close())
  const server = await startServer({ env: { SKYPILOT_API_SERVER_ENDPOINT: api.url } })
  const request = { node_id: 'kept-1', provider: 'aws', region: 'x', gpu: 'H100', model: 'm/m' }
  const answer = await server.post('/admin/nodes/launch', { ...request, keep_on_failure: '10m' })
  const { cluster_name: cluster } = (await answer.json()) as { cluster_name: string }
  const page = await tabs.fresh()
  await open(page, server, 'nodes/kept-1')
  const kept = page.getByRole('region', { name: 'Kept' })
  await kept.getByText(/stays up for (?:10m|9m\d+s) more/).waitFor()
  await kept.getByText(`ssh ${cluster}`, { exact: true }).waitFor()
  await kept.getByRole('button', { name: 'Keep for 30m' }).click()
  await kept.getByText(/stays up for (?:30m|29m\d+s) more/).waitFor()
  const longer = await startCommand(server.url, ['keep', 'kept-1', '2h']).ended
  expect(longer.stdout).toMatch(new RegExp(`^${cluster} stays up until \\S+Z\\n$`))
  await kept.getByText(/stays up for (?:2h|1h\d+m) more/).waitFor()
  const tooLong = await startCommand(server.url, ['keep', 'kept-1', '3d']).ended
  expect([tooLong.code, tooLong.stderr]).toEqual([
    1,
    'launchtail: the cluster of a failed launch can be kept until at most 1d after its failure\n',
  ])
  expect(api.clusters.has(cluster)).toBe(true)
  await kept.getByRole('button', { name: 'Take down now' }).click()
  await kept.waitFor({ state: 'detached' })
  await until('the cluster is gone', () => !api.clusters.has(cluster) || undefined)
  const nothing = await startCommand(server.url, ['keep', 'kept-1']).ended
  expect(nothing.stderr).toBe('launchtail: no cluster of node kept-1 is kept\n')
}, 60_000)
