import { expect, test } from 'vitest'
import { HOUR, MINUTE, startNotifying } from './support/notifying.js'
import { startReceiver } from './support/receiver.js'

async function start(events: string[]) {
  const receiver = await startReceiver()
  const server = await startNotifying()
  await server.create({ url: receiver.url, events: events as never })
  return { ...server, receiver, look }

  async function look(): Promise<void> {
    await server.monitor.now()
    await server.round()
  }
}

test('a phase that takes more than twice as long as usual is told once', async () => {
  const { receiver, node, say, pass, look, now } = await start(['launch.slow'])
  for (let i = 0; i < 5; i += 1) {
    const timestamp = (minutes: number) => new Date(now() + minutes * MINUTE).toISOString()
    await node(`n-${i}`)
    await say(
      `n-${i}`,
      { phase: 'queued', timestamp: timestamp(0) },
      { phase: 'provisioning', timestamp: timestamp(1) },
      { phase: 'active', timestamp: timestamp(5) },
    )
  }
  await node('slow')
  await say('slow', { phase: 'provisioning' })
  await pass(8 * MINUTE)
  await look()
  expect(receiver.received).toHaveLength(0)
  await pass(MINUTE)
  await look()
  await look()
  const [message] = await receiver.messages(1)
  expect(message).toMatchObject({
    type: 'launch.slow',
    data: {
      ...{ seq: 1, phase: 'provisioning', so_far_ms: 9 * MINUTE, p95_ms: 4 * MINUTE },
      launch: { node_id: 'slow' },
    },
  })
  expect(receiver.received).toHaveLength(1)
})

test('that half of the launches fail is told once an hour, from five of them on', async () => {
  const { receiver, node, say, pass, look } = await start(['fleet.failure_rate'])
  let made = 0
  const end = async (phase: 'active' | 'failed', cause = 'quota') => {
    made += 1
    await node(`n-${made}`)
    await say(`n-${made}`, { phase: 'queued' }, { phase, details: `cause: ${cause}` })
  }
  for (let i = 0; i < 4; i += 1) await end('failed')
  await look()
  expect(receiver.received).toHaveLength(0)
  for (let i = 0; i < 3; i += 1) await end('active')
  await end('failed', 'no_capacity')
  await look()
  await look()
  const [message] = await receiver.messages(1)
  expect(message?.data).toEqual({
    ...{ rate: 0.625, failed: 5, of: 8, window: '1h', by_cause: { quota: 4, no_capacity: 1 } },
  })
  await pass(HOUR)
  await look()
  expect(receiver.received).toHaveLength(1)
})
