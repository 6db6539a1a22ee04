import { afterAll, beforeAll, expect, it } from 'vitest'
import { newNode } from './support/nodes.js'
import { type ProbedServer, startProbed } from './support/probed-server.js'
import { endAll } from './support/processes.js'

// A log that goes to and fro concerns its own node, and its record stays small.

let server: ProbedServer

beforeAll(async () => {
  server = await startProbed({})
})
afterAll(endAll)

const ENTRIES = 10_000

it.each([
  ['a launch that fails again and again', ['queued', 'failed']],
  ['a launch that goes to and fro', ['provisioning', 'installing']],
  ['launches through all phases', ['queued', 'provisioning', 'installing', 'active']],
] as const)('%s', { timeout: 120_000 }, async (_, phases) => {
  const node = `/admin/nodes/${await newNode(server)}`
  const entries = Array.from({ length: ENTRIES }, (_, i) => ({
    timestamp: new Date(1_700_000_000_000 + i * 1000).toISOString(),
    message: `${i}`,
    phase: phases[i % phases.length],
  }))
  await server.unharmedBy(async () => {
    expect((await server.post(`${node}/logs`, entries)).status).toBe(202)
    const answer = await server.fetch(node)
    expect(answer.status).toBe(200)
    const text = await answer.text()
    expect(text.length).toBeLessThan(64 * 1024)
    const record = JSON.parse(text) as { phase: string; phases: { phase: string }[] }
    expect(record.phase).toBe(phases[(ENTRIES - 1) % phases.length])
    expect(record.phases.length).toBeLessThanOrEqual(200)
    expect(record.phases.at(-1)?.phase).toBe(record.phase)
    for (const path of ['/admin/stats?by=phase', '/admin/stats', '/admin/nodes']) {
      expect((await server.fetch(path)).status).toBeLessThan(500)
    }
  })
})
