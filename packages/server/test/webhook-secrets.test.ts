import { expect, test } from 'vitest'
import { SECOND, startNotifying } from './support/notifying.js'
import { NOTHING, startReceiver } from './support/receiver.js'

const SECRET = 'correct-horse-battery'
const FAILED = { phase: 'failed', level: 'error', message: `said ${SECRET}` } as const

/** A webhook, and a redaction that knows the secret only once `learn` is called. */
async function start(options: Parameters<typeof startNotifying>[0] = {}) {
  const receiver = await startReceiver()
  let isKnown = false
  const server = await startNotifying({
    redact: (_nodeId, text) => (isKnown ? text.replaceAll(SECRET, '***') : text),
    ...options,
  })
  const { webhook_id } = await server.create({
    ...{ url: receiver.url, events: ['launch.failed', 'entry.matched'], q: 'said' },
  })
  return { ...server, receiver, learn, deliveries }

  function learn(): void {
    isKnown = true
  }

  async function deliveries() {
    return (await server.notify.webhooks.deliveries(webhook_id, { limit: 100 })).deliveries
  }
}

test('a body is redacted at each attempt: a secret may become known after the message was written', async () => {
  const { receiver, learn, node, say, round, pass } = await start()
  receiver.answer = (response) => void response.writeHead(500).end()
  await node('n')
  await say('n', { message: 'asking' }, FAILED)
  await round()
  expect(receiver.received.at(-1)?.body).toContain(SECRET)
  learn()
  const before = receiver.received.length
  await pass(5 * SECOND)
  const bodies = receiver.received.slice(before).map(({ body }) => body)
  expect(bodies.length).toBeGreaterThan(0)
  expect(bodies.join()).toContain('said ***')
  expect(bodies.join()).not.toContain(SECRET)
})

test('a message is stored without secrets, also those in the description and the lines', async () => {
  const { learn, database, node, say, round } = await start()
  learn()
  await node('n', { name: `name ${SECRET}`, model: SECRET, labels: { team: SECRET } })
  await say('n', { message: `warned of ${SECRET}`, level: 'warn', details: SECRET }, FAILED)
  await round()
  const rows = await database.selectFrom('deliveries').select(['type', 'message']).execute()
  expect(rows.map(({ type }) => type).sort()).toEqual(['entry.matched', 'launch.failed'])
  for (const { message } of rows) {
    expect(message).toContain('***')
    expect(message).not.toContain(SECRET)
  }
})

test('the record of a delivery has no secret that the receiver answers with', async () => {
  const { receiver, learn, node, say, round, deliveries } = await start()
  learn()
  receiver.answer = (response) => void response.writeHead(400).end(`what is ${SECRET}?`)
  await node('n')
  await say('n', { message: 'asking' }, FAILED)
  await round()
  const answers = (await deliveries()).flatMap(({ answer }) => answer ?? [])
  expect(answers).toEqual(['what is ***?'])
})

test('the record of a delivery has no secret in why an attempt failed', async () => {
  const { learn, create, node, say, round, notify } = await start({
    lookup: async (host) => {
      throw new Error(`no ${host} for ${SECRET}`)
    },
  })
  learn()
  const { webhook_id } = await create({ url: 'https://hooks.example/' })
  await node('n')
  await say('n', { message: 'asking' }, FAILED)
  await round()
  const { deliveries } = await notify.webhooks.deliveries(webhook_id, { limit: 1 })
  expect(deliveries[0]?.attempts).toMatchObject([{ error: 'no hooks.example for ***' }])
})

test('neither a webhook’s own secrets nor its address are kept of an answer', async () => {
  const receiver = await startReceiver()
  const { create, node, say, round, notify } = await startNotifying()
  const made = await create({ url: `${receiver.url}/T0123/abc`, events: ['launch.failed'] })
  receiver.answer = (response) => {
    void response.writeHead(403).end(`${made.secret} at ${receiver.url}/T0123/abc`)
  }
  await node('n')
  await say('n', { message: 'asking' }, FAILED)
  await round()
  const { deliveries } = await notify.webhooks.deliveries(made.webhook_id, { limit: 1 })
  expect(deliveries[0]?.answer).toBe('*** at ***')
  expect(receiver.received[0] ?? NOTHING).toMatchObject({ path: '/hook/T0123/abc' })
})

test('no secret is kept in part where an answer is cut', async () => {
  const receiver = await startReceiver()
  const { create, node, say, round, notify } = await startNotifying()
  const url = `${receiver.url}/T0123/abcdefghijkl`
  const group = { interval: '0s' }
  const made = await create({ url, events: ['launch.failed'], group })
  const token = `hf_${'q7Wk2ZpR9xLm4TvB8nYc3JdHs6Gf1K'}abcd`
  let answered = ''
  receiver.answer = (response) => void response.writeHead(500).end(answered)
  for (const [nodeId, secret] of Object.entries({ a: token, b: made.secret ?? '', c: url })) {
    // Its second half is beyond what is kept.
    const kept = Math.ceil(secret.length * 0.6)
    answered = `${'. '.repeat(2048).slice(0, 4096 - kept)}${secret} and more`
    await node(nodeId)
    await say(nodeId, { message: 'asking' }, FAILED)
    await round()
    const { deliveries } = await notify.webhooks.deliveries(made.webhook_id, { limit: 10 })
    const answer = deliveries.find(({ node_id }) => node_id === nodeId)?.answer ?? ''
    expect([nodeId, answer.length > 3900, answer.slice(-3)]).toEqual([nodeId, true, '***'])
    expect(answer).not.toContain(secret.slice(0, 12))
  }
})

test('why a webhook was switched off has no secret either', async () => {
  const { learn, create, node, say, round, pass, notify } = await start({
    lookup: async (host) => {
      throw new Error(`no ${host} for ${SECRET}`)
    },
  })
  learn()
  const { webhook_id } = await create({ url: 'https://hooks.example/', events: ['launch.failed'] })
  for (let day = 0; day < 7; day += 1) {
    await node(`n-${day}`)
    await say(`n-${day}`, { message: 'asking' }, FAILED)
    await round()
    await pass(24 * 3600 * SECOND)
  }
  const webhook = await notify.webhooks.get(webhook_id)
  expect(webhook).toMatchObject({ enabled: false })
  expect(webhook.disabled_reason).toMatch(/the last attempt: no hooks\.example for \*\*\*$/)
})
