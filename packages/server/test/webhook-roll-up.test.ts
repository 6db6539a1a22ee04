import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { fingerprintOf } from '../src/notify/fingerprint.js'
import { MINUTE, SECOND, startNotifying } from './support/notifying.js'
import { startReceiver } from './support/receiver.js'

const FAILED = { phase: 'failed', level: 'error', message: 'exit code 1' } as const

async function start(webhook: object) {
  const receiver = await startReceiver()
  const server = await startNotifying()
  const { webhook_id } = await server.create({ url: receiver.url, ...webhook })
  return { ...server, receiver, webhook_id, suppressed }

  async function suppressed(count: number) {
    const messages = await receiver.messages(count)
    return messages.map(({ data }) => `${data.suppressed_count} ${data.entry.message}`)
  }
}

const ERRORS = { events: ['entry.matched'], q: 'level:error' }

test('5,000 equal errors are two messages, and another error is told at once', async () => {
  const { receiver, node, say, pass, round, suppressed } = await start(ERRORS)
  await node('a')
  const error = (i: number) => {
    return { level: 'error' as const, message: `CUDA error ${i}: out of memory at 0x${i}f` }
  }
  for (let i = 0; i < 5000; i += 1000) {
    await say('a', ...Array.from({ length: 1000 }, (_, k) => error(i + k)))
    await round()
  }
  expect(await suppressed(1)).toEqual([expect.stringMatching(/^0 CUDA error 0:/)])
  await say('a', { level: 'error', message: 'the driver is gone' }, { message: 'no error' })
  await pass(SECOND)
  expect(await suppressed(2)).toEqual([expect.anything(), '0 the driver is gone'])
  await pass(MINUTE)
  expect(await suppressed(3)).toEqual([
    expect.stringMatching(/^0 CUDA error 0:/),
    '0 the driver is gone',
    expect.stringMatching(/^4999 CUDA error 4999:/),
  ])
  expect((await receiver.messages(3))[2]?.data).toMatchObject({
    ...{ first_at: '2026-01-01T00:00:00.000Z', last_at: '2026-01-01T00:00:00.000Z', node_id: 'a' },
    entry: { index: 4999 },
    cursor: expect.stringMatching(/^4999:[0-9a-f]{8}:log$/),
    launch: { node_id: 'a', provider: 'aws' },
  })
  expect(receiver.received).toHaveLength(3)
})

test('while it goes on, messages come less and less often; after a quiet time, at once again', async () => {
  const webhook = { ...ERRORS, cooldown: '1m' }
  const { receiver, node, say, pass, round, suppressed } = await start(webhook)
  await node('a')
  /** In minutes. */
  const at: number[] = []
  for (let step = 0; step < 270; step += 1) {
    await say('a', { level: 'error', message: `fault ${step}` })
    await round()
    while (at.length < receiver.received.length) at.push(step / 3)
    await pass(20 * SECOND)
    while (at.length < receiver.received.length) at.push((step + 1) / 3)
  }
  // Windows of 1, 2, 4, 8 and then 15 minutes.
  expect(at).toEqual([0, 1, 3, 7, 15, 30, 45, 60, 75, 90])
  const counts = (await suppressed(10)).map((text) => Number(text.split(' ')[0]))
  expect(counts.reduce((sum, count) => sum + count, 0) + 1).toBe(270)
  await pass(15 * MINUTE)
  await pass(15 * MINUTE)
  await say('a', { level: 'error', message: 'fault 1000' })
  await pass(0)
  expect((await suppressed(11)).at(-1)).toBe('0 fault 1000')
})

test('equal errors of two launches are two messages, and so are those for two webhooks', async () => {
  const { receiver, node, say, round, create } = await start(ERRORS)
  await create({ url: receiver.url, events: ['entry.matched'], q: '"out of memory" gpu:A100' })
  for (const nodeId of ['a', 'b']) {
    await node(nodeId, { gpu: 'A100-80GB' })
    await say(nodeId, ...Array(3).fill({ level: 'error', message: 'CUDA out of memory' }))
  }
  await node('c', { gpu: 'L4' })
  await say('c', { message: 'out of memory' })
  await round()
  const messages = await receiver.messages(4)
  expect(messages.map(({ data }) => data.node_id).sort()).toEqual(['a', 'a', 'b', 'b'])
})

test('a query that finds everything does not send everything', async () => {
  const { receiver, node, say, pass, round } = await start({
    ...{ events: ['entry.matched'], q: 'level:>=debug' },
  })
  await node('a')
  const words = (i: number) => `${String.fromCharCode(97 + (i % 26), 97 + Math.floor(i / 26))} line`
  await say('a', ...Array.from({ length: 400 }, (_, i) => ({ message: words(i) })))
  await round()
  expect(receiver.received.length).toBe(51)
  await pass(MINUTE)
  expect(receiver.received.length).toBe(52)
  const last = (await receiver.messages(52))[51]
  expect(last?.data.suppressed_count).toBe(349)
})

test('a message that waits takes little room, however long its entry is', async () => {
  const { node, say, database } = await start(ERRORS)
  await node('a')
  const long = 'x '.repeat(32_000)
  await say(
    'a',
    { level: 'error', message: long, details: long },
    { level: 'error', message: long },
  )
  const rows = await database.selectFrom('deliveries').select('message').execute()
  const windows = await database.selectFrom('webhook_windows').select('message').execute()
  const stored = [...rows, ...windows].map(({ message }) => message?.length ?? 0)
  expect(stored).toHaveLength(2)
  expect(Math.max(...stored)).toBeLessThan(5000)
})

test('while 10,000 messages wait, entries are no longer told, and launches are', async () => {
  const { receiver, node, say, round, database, webhook_id } = await start({
    ...{ events: ['entry.matched', 'launch.failed'], q: 'level:error' },
  })
  await sql`with recursive n(i) as (select 1 union all select i + 1 from n where i < 10000)
    insert into deliveries (delivery_id, webhook_id, type, message, prepared, state, attempts,
      next_at, leased_until, created_at, log)
    select 'msg_' || i, ${webhook_id}, 'entry.matched', '{}', 1, 'waiting', 1, 9e15, 0, 0, '[]'
    from n`.execute(database)
  await node('a')
  await say('a', { level: 'error', message: 'not told' }, FAILED)
  await round()
  expect((await receiver.messages(1)).map(({ type }) => type)).toEqual(['launch.failed'])
  await database.deleteFrom('deliveries').where('delivery_id', '=', 'msg_1').execute()
  await say('a', { phase: 'queued', level: 'error', message: 'told' })
  await round()
  expect(await receiver.messages(2)).toMatchObject([{}, { data: { entry: { message: 'told' } } }])
})

test('200 launches that fail for one cause are one message', async () => {
  const { receiver, node, say, pass, round } = await start({ events: ['launch.failed'] })
  const nodes = Array.from({ length: 200 }, (_, i) => `n-${i}`)
  for (const nodeId of [...nodes, 'other', 'alone']) {
    await node(nodeId)
    await say(nodeId, { message: 'asking' })
  }
  const details = 'cause: no_capacity'
  for (const [i, nodeId] of nodes.entries()) {
    await say(nodeId, { ...FAILED, message: 'no capacity in us-west-2a', details })
    if (i % 50 === 49) await pass(2 * SECOND)
  }
  await say('other', { ...FAILED, message: 'disk full', details: 'cause: disk_full' })
  await round()
  expect(receiver.received).toHaveLength(0)
  await pass(10 * SECOND)
  const messages = await receiver.messages(2)
  expect(messages).toHaveLength(2)
  const [storm, other] = messages.toSorted((a, b) => (b.data.count ?? 1) - (a.data.count ?? 1))
  expect(storm?.data).toMatchObject({ count: 200, failure: { code: 'no_capacity' } })
  const named = storm?.data.launches.map(({ node_id }: { node_id: string }) => node_id)
  expect(named).toEqual(nodes.slice(0, 20))
  expect(JSON.stringify(storm).length).toBeLessThan(20_000)
  expect(other?.data).not.toHaveProperty('count')
  expect(other?.data.failure.code).toBe('disk_full')
  // Nothing else could fail now, so nothing is waited for.
  await say('alone', { ...FAILED, message: 'quota', details: 'cause: quota' })
  await round()
  expect(await receiver.messages(3)).toHaveLength(3)
})

test('failures for one cause are told once a minute, or as the group is set', async () => {
  const { receiver, node, say, pass, create } = await start({ events: ['launch.failed'] })
  const own = await startReceiver()
  const group = { wait: '0s', interval: '0s' }
  await create({ url: own.url, events: ['launch.failed'], group })
  await node('open')
  await say('open', { message: 'asking' })
  const details = 'cause: no_capacity'
  let made = 0
  const fail = async (count: number) => {
    for (let i = 0; i < count; i += 1) {
      made += 1
      await node(`n-${made}`)
      await say(`n-${made}`, { ...FAILED, message: 'no capacity', details })
    }
    await pass(0)
  }
  const counts = async () => {
    const messages = await receiver.messages(0)
    return messages.map(({ data }) => data.count ?? 1)
  }
  await fail(3)
  await pass(10 * SECOND)
  expect(await counts()).toEqual([3])
  // The next ones wait for the interval after that message.
  await pass(20 * SECOND)
  await fail(2)
  await pass(39 * SECOND)
  expect(await counts()).toEqual([3])
  await fail(1)
  await pass(SECOND)
  expect(await counts()).toEqual([3, 3])
  // After a quiet interval, the first one waits as usual.
  await pass(61 * SECOND)
  await fail(1)
  await pass(10 * SECOND)
  expect(await counts()).toEqual([3, 3, 1])
  expect((await own.messages(7)).every(({ data }) => data.count === undefined)).toBe(true)
  expect(own.received).toHaveLength(7)
})

test('a webhook without entries is told of those launches alone that its query finds', async () => {
  const webhook = { events: ['launch.failed'], q: 'provider:aws -gpu:L4' }
  const { receiver, node, say, round } = await start(webhook)
  const fail = async (nodeId: string, about: object) => {
    await node(nodeId, about)
    await say(nodeId, FAILED)
  }
  await fail('a', { gpu: 'A100' })
  await fail('b', { gpu: 'L4' })
  await fail('c', { gpu: 'A100', provider: 'gcp' })
  await round()
  expect((await receiver.messages(1)).map(({ data }) => data.launch.node_id)).toEqual(['a'])
})

test('all events of a launch arrive, each with what it tells', async () => {
  const events = [
    ...['launch.started', 'launch.phase_changed', 'launch.active', 'launch.failed'],
    ...['launch.stalled', 'launch.recovered', 'launch.terminated', 'launch.preempted'],
  ]
  const { receiver, node, say, pass, round } = await start({ events })
  await node('a')
  await say('a', { phase: 'queued' })
  await pass(SECOND)
  const message = 'No output for 10m in queued, which is longer than expected there'
  await say('a', { phase: 'queued', level: 'warn', message })
  await pass(SECOND)
  await say('a', { phase: 'provisioning' })
  await pass(MINUTE)
  await say('a', { phase: 'active', message: 'Ready at http://10.0.0.1:8000' })
  await pass(MINUTE)
  await say('a', { phase: 'failed', level: 'error', details: 'cause: preempted' })
  await round()
  const messages = await receiver.messages(8)
  expect(messages.map(({ type, data }) => `${data.seq} ${type}`)).toEqual([
    '1 launch.started',
    '2 launch.stalled',
    '3 launch.phase_changed',
    '4 launch.recovered',
    '5 launch.phase_changed',
    '6 launch.active',
    '7 launch.preempted',
    '8 launch.phase_changed',
  ])
  expect(messages.map(({ data }) => data)).toMatchObject([
    {},
    { phase: 'queued', silent_for_ms: 600_000 },
    { from: 'queued', to: 'provisioning', took_ms: 2000 },
    { stalled_for_ms: 601_000 },
    { from: 'provisioning', to: 'active', took_ms: 60_000 },
    { endpoint: 'http://10.0.0.1:8000', took_ms: 62_000 },
    { after_ms: 60_000, launch: { status: 'failed' } },
    { to: 'failed' },
  ])
})

test.each([
  ['the same error 12 at 0x7f', 'the same error 3456 at 0x81c'],
  ['cannot read "/tmp/a b"', "cannot read '/var/lib/x'"],
  [
    'node 550e8400-e29b-41d4-a716-446655440000 left',
    'node 00000000-0000-4000-8000-000000000000 left',
  ],
  ['GET https://a.example/x?y=1 failed', 'GET http://b.example failed'],
  ['File /usr/lib/python3.12/a.py, line 3', 'File /opt/app/b.py, line 44'],
  ['commit deadbeef1 took 1.5 s', 'commit 0123456789abcdef took 17 s'],
])('the same is said by %j and by %j', (one, other) => {
  expect(fingerprintOf(one)).toBe(fingerprintOf(other))
})

test.each([
  ['out of memory', 'out of disk'],
  ['CUDA error', 'NCCL error'],
  ['no capacity in us', 'no capacity in eu'],
])('another thing is said by %j than by %j', (one, other) => {
  expect(fingerprintOf(one)).not.toBe(fingerprintOf(other))
})
