import { createServer } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { expect, onTestFinished, test, vi } from 'vitest'
import { idleEnd } from '../src/launch/limits/idle/idleness.js'
import { overEntry } from '../src/launch/limits/lifetime.js'
import { TERMINATED_ENTRY } from '../src/logs/end-entries.js'
import { PAUSES } from '../src/notify/schedule.js'
import { DAY, HOUR, type Line, MINUTE, SECOND, startNotifying } from './support/notifying.js'
import { until } from './support/processes.js'
import { NOTHING, startReceiver } from './support/receiver.js'

const FAILED = { phase: 'failed', level: 'error', message: 'exit code 1' } as const

/** A webhook for the failures of launches, and its receiver. */
async function start(options: Parameters<typeof startNotifying>[0] = {}) {
  const receiver = await startReceiver()
  const server = await startNotifying(options)
  const events = ['launch.failed' as const]
  const webhook = await server.create({ url: receiver.url, events, group: { interval: '0s' } })
  return { ...server, receiver, webhook, fail, deliveries }

  async function fail(nodeId = 'n'): Promise<void> {
    await server.node(nodeId)
    await server.say(nodeId, { message: 'asking' }, FAILED)
    await server.round()
  }

  async function deliveries() {
    const page = await server.notify.webhooks.deliveries(webhook.webhook_id, { limit: 100 })
    return page.deliveries
  }
}

test('a message is signed as Standard Webhooks says, and has all that somebody on call has to know', async () => {
  const { receiver, webhook, fail, deliveries, node, say, round, pass, now } = await start()
  await node('a', { name: 'llama', model: 'meta-llama/Llama-2-7b', gpu: 'A100', use_spot: true })
  await say('a', { message: 'asking for a machine' })
  await pass(90 * SECOND)
  await say('a', {
    message: 'Failed to provision: InsufficientInstanceCapacity in us-west-2a',
    level: 'error',
  })
  await say('a', { ...FAILED, message: 'sky launch failed' })
  await round()
  const [{ headers, body, path } = NOTHING] = receiver.received
  expect([path, headers['content-type']]).toEqual(['/hook', 'application/json'])
  vi.useFakeTimers({ toFake: ['Date'], now: now() })
  onTestFinished(() => void vi.useRealTimers())
  const message = new Webhook(webhook.secret as string).verify(body, headers as never) as object
  vi.useRealTimers()
  expect(message).toMatchObject({
    type: 'launch.failed',
    timestamp: '2026-01-01T00:01:30.000Z',
    data: {
      ...{ seq: 1, took_ms: 90_000 },
      launch: {
        ...{ node_id: 'a', name: 'llama', provider: 'aws', region: 'us-west-2' },
        ...{ gpu: 'A100', model: 'meta-llama/Llama-2-7b', use_spot: true, status: 'failed' },
      },
      failure: {
        ...{ code: 'no_capacity', phase: 'provisioning', advice: expect.stringMatching(/\w/) },
        evidence: [{ index: 1, message: expect.stringContaining('InsufficientInstanceCapacity') }],
      },
      lines: [
        { index: 1, link: 'https://launchtail.example.com/#/nodes/a?line=1' },
        { index: 2, message: 'sky launch failed' },
      ],
      links: {
        node: 'https://launchtail.example.com/#/nodes/a',
        line: 'https://launchtail.example.com/#/nodes/a?line=1',
      },
    },
  })
  expect(message).not.toHaveProperty('data.launch.phases')
  const [delivery] = await deliveries()
  expect(delivery).toMatchObject({
    ...{ delivery_id: headers['webhook-id'], state: 'delivered', node_id: 'a', seq: 1 },
    attempts: [{ status: 204 }],
  })
  await fail('b')
  expect(receiver.received).toHaveLength(2)
})

test('a receiver that is down for an hour gets every message once it is back, under the same ids', async () => {
  const { receiver, fail, pass, deliveries } = await start()
  const up = receiver.down()
  for (const nodeId of ['a', 'b', 'c']) await fail(nodeId)
  for (let minutes = 0; minutes < 60; minutes += 1) await pass(MINUTE)
  const waiting = await deliveries()
  expect(waiting.map(({ state }) => state)).toEqual(['waiting', 'waiting', 'waiting'])
  const [{ attempts } = { attempts: [] }] = waiting
  // At 0 s, 5 s, 35 s, 2.6, 12.6 and 42.6 minutes, each found in the minute after.
  expect(attempts.map(({ error }) => error)).toEqual(Array(6).fill(expect.stringMatching(/ECONN/)))
  expect(receiver.received).toEqual([])
  await up()
  await pass(HOUR)
  const messages = await receiver.messages(3)
  expect(messages.map(({ id }) => id).sort()).toEqual(
    waiting.map(({ delivery_id }) => delivery_id).sort(),
  )
  expect((await deliveries()).every(({ state }) => state === 'delivered')).toBe(true)
})

test('ten attempts are made within 24 hours, and then the message is dead until it is sent again', async () => {
  const { receiver, fail, pass, deliveries, notify, now } = await start()
  receiver.answer = (response) => void response.writeHead(500).end('broken')
  await fail()
  const begun = now()
  for (const pause of PAUSES) {
    await pass(pause - 1)
    const before = receiver.received.length
    await pass(1)
    expect(receiver.received).toHaveLength(before + 1)
  }
  expect(receiver.received).toHaveLength(10)
  expect(now() - begun).toBeLessThan(DAY)
  await pass(DAY)
  const [dead] = await deliveries()
  expect(dead).toMatchObject({ state: 'dead', answer: 'broken' })
  expect(dead?.attempts).toHaveLength(10)
  expect(dead?.attempts.at(-1)).toMatchObject({ status: 500, error: 'answered 500' })
  expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
  const stamps = receiver.received.map(({ headers }) => Number(headers['webhook-timestamp']))
  expect((stamps[9] ?? 0) - (stamps[0] ?? 0)).toBe((now() - DAY - begun) / 1000)

  receiver.answer = (response) => void response.writeHead(200).end()
  await notify.webhooks.redeliver(dead?.delivery_id ?? '')
  await pass(0)
  expect(receiver.received.at(-1)?.headers['webhook-id']).toBe(dead?.delivery_id)
  expect(await deliveries()).toMatchObject([{ state: 'delivered' }])
})

test('the messages of a time are sent again, those that have arrived only if that is asked for', async () => {
  const { receiver, fail, pass, deliveries, notify, webhook, now } = await start()
  await fail('early')
  await pass(HOUR)
  const since = now()
  receiver.answer = (response) => void response.writeHead(404).end()
  await fail('dead')
  for (const pause of PAUSES.slice(0, 3)) await pass(pause)
  receiver.answer = (response) => void response.writeHead(204).end()
  await fail('fine')
  expect((await deliveries()).map(({ state }) => state).sort()).toEqual([
    'dead',
    'delivered',
    'delivered',
  ])
  receiver.received.length = 0
  const again = (delivered: boolean) =>
    notify.webhooks.redeliverSince(webhook.webhook_id, { since, until: now(), delivered })
  expect(await again(false)).toBe(1)
  await pass(0)
  expect((await receiver.messages(1)).map(({ data }) => data.launch.node_id)).toEqual(['dead'])
  expect(await again(true)).toBe(2)
  await pass(0)
  expect(receiver.received).toHaveLength(3)
})

test.each([
  [400, 3],
  [404, 3],
  [301, 3],
  [408, 4],
  [429, 4],
  [503, 4],
])('a receiver that answers %i is tried %i times in the first minutes', async (status, times) => {
  const { receiver, fail, pass } = await start()
  const other = await startReceiver()
  receiver.answer = (response) => void response.writeHead(status, { Location: other.url }).end()
  await fail()
  for (const pause of PAUSES.slice(0, 3)) await pass(pause)
  expect(receiver.received).toHaveLength(times)
  // A redirect is not followed.
  expect(other.connections()).toBe(0)
})

test('a receiver that asks for a pause gets it, for all its messages, up to an hour', async () => {
  const { receiver, fail, pass, now } = await start()
  receiver.answer = (response) => void response.writeHead(429, { 'Retry-After': '120' }).end()
  await fail('a')
  receiver.answer = (response) => void response.writeHead(204).end()
  await fail('b')
  await pass(119 * SECOND)
  expect(receiver.received).toHaveLength(1)
  await pass(SECOND)
  expect(receiver.received).toHaveLength(3)
  const date = new Date(now() + 5 * HOUR).toUTCString()
  receiver.answer = (response) => void response.writeHead(503, { 'Retry-After': date }).end()
  await fail('c')
  receiver.answer = (response) => void response.writeHead(204).end()
  await pass(HOUR)
  expect(receiver.received).toHaveLength(5)
})

test('a receiver that asks for too short a pause is tried as often as any other', async () => {
  const { receiver, fail, pass } = await start()
  receiver.answer = (response) => void response.writeHead(503, { 'Retry-After': '0' }).end()
  await fail()
  await pass(SECOND)
  expect(receiver.received).toHaveLength(1)
  await pass(4 * SECOND)
  expect(receiver.received).toHaveLength(2)
})

test('a receiver that says it is gone is switched off, and the other webhooks are told', async () => {
  const { receiver, fail, pass, notify, webhook, create, faults } = await start()
  const other = await startReceiver()
  await create({ url: other.url, events: ['webhook.disabled'] })
  receiver.answer = (response) => void response.writeHead(410).end()
  await fail('a')
  await pass(0)
  expect(await notify.webhooks.get(webhook.webhook_id)).toMatchObject({
    ...{ enabled: false, disabled_reason: 'its receiver answered 410: it is gone', dead: 1 },
  })
  expect(await other.messages(1)).toMatchObject([
    { type: 'webhook.disabled', data: { webhook: { webhook_id: webhook.webhook_id } } },
  ])
  await fail('b')
  expect(receiver.received).toHaveLength(1)
  expect(faults).toEqual([expect.stringContaining('was switched off'), expect.any(Error)])
  const [dead] = (await notify.webhooks.deliveries(webhook.webhook_id, { limit: 1 })).deliveries
  const refused = notify.webhooks.redeliver(dead?.delivery_id ?? '')
  await expect(refused).rejects.toThrow('switch it on first')

  receiver.answer = (response) => void response.writeHead(204).end()
  await notify.webhooks.change(webhook.webhook_id, { enabled: true })
  await fail('c')
  expect(receiver.received).toHaveLength(2)
})

test('a webhook is switched off when nothing has been delivered for five days', async () => {
  const { receiver, fail, pass, notify, webhook } = await start()
  receiver.answer = (response) => void response.writeHead(500).end()
  const isOn = async () => (await notify.webhooks.get(webhook.webhook_id)).enabled
  await fail('day-0')
  for (let day = 1; day < 5; day += 1) {
    await pass(DAY)
    await fail(`day-${day}`)
  }
  expect(await isOn()).toBe(true)
  receiver.answer = (response) => void response.writeHead(204).end()
  await pass(MINUTE)
  receiver.answer = (response) => void response.writeHead(500).end()
  await pass(2 * DAY)
  await fail('later')
  // It was not five days since the last that arrived.
  expect(await isOn()).toBe(true)
  for (let day = 0; day < 6; day += 1) {
    await pass(DAY)
    if (await isOn()) await fail(`more-${day}`)
  }
  const { enabled, disabled_reason, waiting } = await notify.webhooks.get(webhook.webhook_id)
  expect({ enabled, waiting }).toEqual({ enabled: false, waiting: 0 })
  expect(disabled_reason).toContain('five days; the last attempt: answered 500')
})

test('a receiver that hangs, drips or is cut costs 15 s at most, and of its answer 4 KB are kept', async () => {
  const { receiver, fail, pass, deliveries } = await start({ timeout: 400 })
  const begun = performance.now()
  receiver.answer = (response) => {
    response.writeHead(200)
    const timer = setInterval(() => response.write('.'), 50)
    response.on('close', () => clearInterval(timer))
  }
  await fail()
  expect(performance.now() - begun).toBeLessThan(3000)
  receiver.answer = (response) => {
    response.writeHead(200, { 'Content-Length': 10 })
    response.write('ab')
    setTimeout(() => response.destroy(), 20)
  }
  await pass(5 * SECOND)
  receiver.answer = (response) => void response.writeHead(500).end('x'.repeat(5_000_000))
  await pass(30 * SECOND)
  const [{ attempts, answer } = { attempts: [], answer: '' }] = await deliveries()
  expect(attempts.map(({ error }) => error)).toEqual([
    'no answer within 0.4 s',
    expect.stringMatching(/aborted|ECONNRESET|socket hang up/),
    'answered 500',
  ])
  expect(answer).toHaveLength(4096)
})

test('what a receiver answers is kept without the secrets that it was sent or that it tells', async () => {
  const { receiver, fail, deliveries, webhook } = await start()
  const token = `ghp_${'a1B2'.repeat(9)}`
  receiver.answer = (response) => void response.writeHead(500).end(`${webhook.secret} ${token}`)
  await fail()
  expect((await deliveries())[0]?.answer).toBe('*** ***')
})

test('messages about one launch arrive in order, except that one that is stuck is overtaken', async () => {
  const { receiver, node, say, pass, round, create } = await start()
  await create({ url: receiver.url, events: ['launch.started', 'launch.phase_changed'] })
  receiver.answer = (response, { body }) => {
    const { data, type } = JSON.parse(body)
    const isFirst = type === 'launch.started' && data.launch.node_id === 'stuck'
    response.writeHead(isFirst ? 500 : 204).end()
  }
  const told = (nodeId: string) =>
    receiver.received
      .map(({ body }) => JSON.parse(body))
      .filter(({ data }) => data.launch.node_id === nodeId)
      .map(({ data, type }) => `${data.seq} ${type}`)
  for (const nodeId of ['stuck', 'other']) {
    await node(nodeId)
    const lines = (['queued', 'provisioning', 'installing'] as const).map((phase) => ({ phase }))
    await say(nodeId, ...lines)
  }
  await round()
  expect(told('other')).toEqual([
    '1 launch.started',
    '2 launch.phase_changed',
    '3 launch.phase_changed',
  ])
  expect(told('stuck')).toEqual(['1 launch.started'])
  await pass(5 * SECOND)
  expect(told('stuck')).toEqual(Array(2).fill('1 launch.started'))
  await pass(30 * SECOND)
  expect(told('stuck')).toEqual([
    ...Array(3).fill('1 launch.started'),
    '2 launch.phase_changed',
    '3 launch.phase_changed',
  ])
})

test('a receiver that is slow holds up no other webhook', async () => {
  const { receiver, create, node, say, round, notify } = await start({ timeout: 60_000 })
  const quick = await startReceiver()
  await create({ url: quick.url, events: ['launch.failed'], group: { interval: '0s' } })
  receiver.answer = () => {}
  for (let i = 0; i < 20; i += 1) {
    await node(`n-${i}`)
    await say(`n-${i}`, FAILED)
  }
  const rounds = round()
  await quick.messages(20, 2500)
  // At most four to one receiver at once.
  expect(receiver.connections()).toBe(4)
  await notify.stop()
  await rounds
})

test('a message that its sender had taken is sent by the next one, soon if that has its name', async () => {
  const { receiver, fail, database, notify, stop, now } = await start()
  let release = () => {}
  receiver.answer = (response) => {
    release = () => void response.writeHead(204).end()
  }
  const sending = fail()
  await until('the message', () => receiver.received.length === 1)
  const row = await database
    .selectFrom('deliveries')
    .select(['leased_until', 'attempts', 'owner'])
    .executeTakeFirstOrThrow()
  expect(row).toEqual({ leased_until: now() + 60_000, attempts: 1, owner: 'sender' })
  // Nobody else gets it meanwhile.
  await notify.sender.poke()
  expect(receiver.received).toHaveLength(1)
  release()
  await sending
  await stop()
})

test('of several processes on a database, one sends a message', async () => {
  const { receiver, fail, skip, notify, another, deliveries } = await start()
  const up = receiver.down()
  for (let i = 0; i < 40; i += 1) await fail(`n-${i}`)
  await up()
  const senders = [notify, await another('b'), await another('c')]
  skip(5 * SECOND)
  for (let left = 30; left > 0; left -= 1) {
    await Promise.all(senders.map(({ sender }) => sender.round()))
  }
  for (const one of senders.slice(1)) await one.stop()
  const ids = receiver.received.map(({ headers }) => headers['webhook-id'])
  expect([ids.length, new Set(ids).size]).toEqual([40, 40])
  expect((await deliveries()).every(({ state }) => state === 'delivered')).toBe(true)
})

test('the same event is told once, also when the record is rebuilt from its list', async () => {
  const { receiver, fail, database, registry, store, round } = await start()
  await fail()
  await database
    .updateTable('nodes')
    .set({ folded: 99, phase: 'queued', status: 'launching', ended_at: null })
    .execute()
  await database.deleteFrom('phases').execute()
  await registry.catchUp()
  await registry.find('n', await store.length('n'))
  await round()
  expect(await registry.get('n')).toMatchObject({ status: 'failed' })
  expect(receiver.received).toHaveLength(1)
})

test('secrets are rotated: for a day both sign, then the new one alone', async () => {
  const { receiver, webhook, notify, fail, pass } = await start()
  const { secret } = await notify.webhooks.rotate(webhook.webhook_id)
  expect(secret).not.toBe(webhook.secret)
  await fail('a')
  await pass(DAY)
  await fail('b')
  const verifies = (value: string | undefined, i: number) => {
    const { body, headers } = receiver.received[i] ?? NOTHING
    const signatures = String(headers['webhook-signature']).split(' ')
    const at = new Date(Number(headers['webhook-timestamp']) * 1000)
    const own = new Webhook(value ?? '').sign(String(headers['webhook-id']), at, body)
    return signatures.includes(own)
  }
  expect([verifies(webhook.secret, 0), verifies(secret, 0)]).toEqual([true, true])
  expect([verifies(webhook.secret, 1), verifies(secret, 1)]).toEqual([false, true])
})

test('a connection that is refused in the middle of the head is tried again', async () => {
  const { create, node, say, pass, round, notify } = await start()
  let connections = 0
  const broken = createServer((socket) => {
    connections += 1
    socket.end('HTTP/1.1 2')
  })
  broken.listen(0, '127.0.0.1')
  await until('the server', () => broken.listening)
  onTestFinished(() => void broken.close())
  const { port } = broken.address() as { port: number }
  const { webhook_id } = await create({
    url: `http://127.0.0.1:${port}/`,
    events: ['launch.active'],
  })
  await node('a')
  await say('a', { phase: 'active' })
  await round()
  await pass(5 * SECOND)
  expect(connections).toBe(2)
  const { deliveries } = await notify.webhooks.deliveries(webhook_id, { limit: 1 })
  expect(deliveries[0]).toMatchObject({ state: 'waiting', attempts: [{}, {}] })
})

test.each([
  ['request', 'the server is quiet'],
  ['max_lifetime', overEntry(2 * HOUR).message],
  ['idle_timeout', idleEnd(90 * MINUTE).message],
])('a launch that is terminated says by what: %s', async (by, said) => {
  const receiver = await startReceiver()
  const { create, node, say, round } = await startNotifying()
  await create({ url: receiver.url, events: ['launch.terminated'] })
  await node('n')
  const active = { phase: 'active' as const }
  await say('n', { message: 'asking' }, { ...active, message: 'it serves' })
  await say(
    'n',
    { ...active, level: 'warn', message: said },
    { ...active, message: 'shutting down' },
  )
  await say('n', TERMINATED_ENTRY as Line)
  await round()
  expect(await receiver.messages(1)).toMatchObject([
    { type: 'launch.terminated', data: { by, after_active: true } },
  ])
})
