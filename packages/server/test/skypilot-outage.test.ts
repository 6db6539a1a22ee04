import type { LogEntry } from '@launchtail/client/protocol'
import { expect, onTestFinished, test } from 'vitest'
import { plain } from './support/launch-scenarios.js'
import { startServer, until } from './support/processes.js'
import { startDouble } from './support/skypilot-double.js'
import { openStream } from './support/stream.js'

/** Seconds for which SkyPilot is away; it is waited for the warning in any case. */
const OUTAGE = Number(process.env.LAUNCHTAIL_TEST_OUTAGE ?? 0)

test('an API server that is away in mid-launch is one warning at a server’s own pace, and on', {
  timeout: 90_000 + OUTAGE * 1000,
}, async () => {
  const api = await startDouble({ scenario: plain({ gated: true }) })
  onTestFinished(() => api.close())
  const env = { SKYPILOT_API_SERVER_ENDPOINT: api.url, LAUNCHTAIL_HEARTBEAT: '1s' }
  const server = await startServer({ env })
  const launch = { node_id: 'gpu-1', provider: 'aws', region: 'x', gpu: 'H100', model: 'm/m' }
  expect((await server.post('/admin/nodes/launch', launch)).status).toBe(202)
  const reader = await openStream(`${server.url}/admin/nodes/gpu-1/logs/stream?tail=all`, {
    'X-Admin-Token': server.token,
  })
  const entries = () =>
    reader.events
      .filter(({ event }) => event === 'log')
      .map(({ data }) => data as unknown as LogEntry)
  const warnings = () => entries().filter(({ level }) => level === 'warn')
  await until('the launch to be on its way', () =>
    entries().some(({ message }) => /Launching on/.test(message)),
  )

  api.setAway(true)
  await until('the warning', () => warnings().length > 0, 30_000)
  await new Promise((resolve) => setTimeout(resolve, OUTAGE * 1000))
  expect(reader.events.filter(({ event }) => event === 'error' || event === 'done')).toEqual([])
  api.setAway(false)
  api.pass('provisioning')
  api.pass('loading')
  await reader.event('the end', ({ event }) => event === 'done')
  expect(warnings()).toMatchObject([
    { message: 'SkyPilot does not answer; the launch goes on and is asked for again' },
  ])
  const back = entries().filter(({ message }) => message.startsWith('SkyPilot answers again'))
  expect(back).toMatchObject([{ level: 'info', message: expect.stringMatching(/ after \d+s$/) }])
  expect(entries().at(-1)?.phase).toBe('active')
  const steps = entries().filter(({ message }) => /^step \d+$/.test(message))
  expect(steps.map(({ message }) => message)).toEqual(
    Array.from({ length: 20 }, (_, i) => `step ${i}`),
  )
  expect(api.launched).toHaveLength(1)
  await server.post('/admin/nodes/gpu-1/terminate', '')
  await until('the cluster to be gone', () => api.clusters.size === 0)
})
