import { createClient } from '@launchtail/client'
import { afterAll, expect, test } from 'vitest'
import { withoutSecrets } from '../src/launch/asked.js'
import { startCommand } from './support/command.js'
import { endAll, startServer, until } from './support/processes.js'

afterAll(endAll)

test('whom a launch is for is in its record, its statistics, and in what a query finds', async () => {
  const server = await startServer()
  const client = createClient({ baseUrl: server.url, token: server.token })
  const words = ['--owner', 'alice', '--label', 'team=inference', '--label', 'use=a test']
  const { code, stderr } = await startCommand(
    server.url,
    ['launch', '--file', '-', '--node-id', 'hers', ...words],
    { input: 'run: exit 3\n' },
  ).ended
  expect([code, stderr]).toEqual([0, ''])
  await client.launchNode({ node_id: 'his', provider: 'local', owner: 'bob', task: 'run: exit 3' })
  await until('both to fail', async () => {
    const { nodes } = await client.listNodes({ q: 'status:failed' })
    return nodes.length === 2 || undefined
  })

  const labels = { team: 'inference', use: 'a test' }
  expect(await client.getNode('hers')).toMatchObject({ owner: 'alice', labels })
  expect(await client.getNode('his')).not.toHaveProperty('labels')
  expect((await client.getNodeLaunch('hers')).request).toMatchObject({ owner: 'alice', labels })
  for (const q of ['owner:alice', 'label:inference', 'label:="team=inference"', '-owner:bob']) {
    const { nodes } = await client.listNodes({ q })
    expect([q, ...nodes.map((node) => node.node_id)]).toEqual([q, 'hers'])
  }
  const { groups } = await client.getStats({ by: ['owner'] })
  expect(groups.map(({ owner, failed }) => [owner, failed]).sort()).toEqual([
    ['alice', 1],
    ['bob', 1],
  ])
  expect((await client.getStats({ q: 'owner:bob' })).total.launches).toBe(1)
  const status = await startCommand(server.url, ['status', 'hers']).ended
  expect(status.stdout).toMatch(/^owner {5}alice\nlabels {4}team=inference use=a test$/m)
})

test('a secret in a label or a place is not kept', () => {
  const secret = 'hidden-0123456789'
  const { request, masked } = withoutSecrets(
    {
      ...{ provider: 'aws', region: 'x', gpu: 'H100', owner: secret },
      labels: { note: `it is ${secret}`, API_TOKEN: 'x' },
      places: [{ infra: 'aws', gpu: secret }],
    },
    [secret],
  )
  expect(request).toMatchObject({
    ...{ owner: '***', labels: { note: 'it is ***', API_TOKEN: '***' } },
    places: [{ infra: 'aws', gpu: '***' }],
  })
  expect(masked.sort()).toEqual(['labels.API_TOKEN', 'labels.note', 'owner', 'places.0.gpu'])
})
