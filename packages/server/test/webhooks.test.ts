import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { createClient } from '@launchtail/client'
import { operations } from '@launchtail/client/protocol'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { endAll, type RunningServer, startServer, until } from './support/processes.js'
import { NOTHING, startReceiver } from './support/receiver.js'
import { storedRecords } from './support/records.js'

const run = promisify(execFile)
const SECRET = 'correct-horse-battery'

let server: RunningServer
let client: ReturnType<typeof createClient>

beforeAll(async () => {
  server = await startServer()
  client = createClient({ baseUrl: server.url, token: server.token })
})

afterAll(endAll)

const refusal = (message: string, status = 400) => ({ status, message })

describe('a webhook', () => {
  it('is created with its secret, which is shown this once and stands nowhere in plain', async () => {
    const url = 'http://127.0.0.1:59999/hook?token=abcdefghijklmnop'
    const answer = await server.post('/admin/webhooks', { url })
    const made = (await answer.json()) as Record<string, string>
    expect(answer.status).toBe(201)
    expect(answer.headers.get('location')).toBe(`/admin/webhooks/${made.webhook_id}`)
    expect(operations.createWebhook.answer.parse(made)).toEqual(made)
    expect(made).toMatchObject({
      ...{ enabled: true, format: 'standard', cooldown: '1m', waiting: 0, dead: 0 },
      group: { wait: '10s', interval: '1m' },
      events: [
        'launch.active',
        'launch.failed',
        'launch.stalled',
        'launch.recovered',
        'launch.preempted',
      ],
      secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/),
      url: 'http://127.0.0.1:59999/hook?token=***',
    })
    const id = String(made.webhook_id)
    const got = await client.getWebhook(id)
    expect(got).toEqual(operations.getWebhook.answer.parse(got))
    expect(got).not.toHaveProperty('secret')
    expect((await client.listWebhooks()).webhooks).toContainEqual(got)
    const { secret } = await client.rotateWebhook(id)
    expect(secret).toMatch(/^whsec_/)
    expect(secret).not.toBe(made.secret)
    const content = await storedRecords(server.dataDir)
    expect(content).toContain(id)
    for (const hidden of [made.secret, secret, 'abcdefghijklmnop']) {
      expect(content).not.toContain(hidden)
    }
    await client.deleteWebhook(id)
    await expect(client.getWebhook(id)).rejects.toMatchObject(refusal('webhook not found', 404))
  })

  it('is changed, and keeps what is not named', async () => {
    const { webhook_id: id } = await client.createWebhook({
      ...{
        url: 'http://127.0.0.1:59999/',
        events: ['entry.matched'],
        q: 'level:error',
        cooldown: '90s',
      },
    })
    const changed = await client.changeWebhook(id, {
      enabled: false,
      url: 'http://127.0.0.1:59998/',
    })
    expect(changed).toMatchObject({
      ...{ enabled: false, url: 'http://127.0.0.1:59998/', cooldown: '1m30s', q: 'level:error' },
    })
    await expect(client.changeWebhook(id, { q: '' })).rejects.toMatchObject(
      refusal("'q' is required with the event entry.matched"),
    )
    const launches = await client.changeWebhook(id, { q: '', events: ['launch.failed'] })
    expect(launches).not.toHaveProperty('q')
    const grouped = await client.changeWebhook(id, { group: { wait: '0s' } })
    expect(grouped.group).toEqual({ wait: '0s', interval: '1m' })
    const again = await client.changeWebhook(id, { group: { interval: '5m' } })
    expect(again.group).toEqual({ wait: '0s', interval: '5m' })
    await client.deleteWebhook(id)
  })

  it('for PagerDuty gets another routing key, and others need none to change', async () => {
    const receiver = await startReceiver()
    const url = receiver.url
    const { webhook_id: id } = await client.createWebhook({
      ...{ url, format: 'pagerduty', secret: 'the-first-routing-key' },
    })
    const keyOf = async () => {
      await client.testWebhook(id)
      return JSON.parse(receiver.received.at(-1)?.body ?? '').routing_key
    }
    expect(await keyOf()).toBe('the-first-routing-key')
    const changed = await client.changeWebhook(id, { secret: ' the-second-routing-key\n' })
    expect(JSON.stringify(changed)).not.toContain('routing-key')
    expect(await keyOf()).toBe('the-second-routing-key')
    await client.changeWebhook(id, { cooldown: '5m' })
    expect(await keyOf()).toBe('the-second-routing-key')

    // No secret of one format is taken over by another.
    await client.changeWebhook(id, { format: 'standard' })
    await expect(client.changeWebhook(id, { secret: 'x' })).rejects.toMatchObject(
      refusal("'secret' cannot be changed in this format; rotate it instead"),
    )
    await client.testWebhook(id)
    expect(receiver.received.at(-1)?.headers).toHaveProperty('webhook-signature')
    expect(receiver.received.at(-1)?.body).not.toContain('routing')
    await expect(client.changeWebhook(id, { format: 'pagerduty' })).rejects.toMatchObject(
      refusal("'secret' is required: with pagerduty, it is the routing key of the integration"),
    )
    await client.changeWebhook(id, { format: 'pagerduty', secret: 'the-third-routing-key' })
    expect(await keyOf()).toBe('the-third-routing-key')
    await client.deleteWebhook(id)
  })

  it.each([
    [{}, "'url' is required"],
    [{ url: 'ftp://a.example/' }, "'url' must begin with https://"],
    [{ url: 'https://10.0.0.1/' }, "'url' leads to 10.0.0.1, which only some can reach"],
    [{ url: 'https://169.254.169.254/' }, "'url' leads to 169.254.169.254"],
    [{ events: ['launch.lost'] }, "'events.0' must be one of launch.started"],
    [{ events: ['entry.matched'] }, "'q' is required with the event entry.matched"],
    [{ q: 'level:warn' }, "'level' is a field of entries, and nodes have none"],
    [{ events: ['entry.matched'], q: 'levl:error' }, 'column 1'],
    [{ format: 'teams' }, "'format' must be one of standard, slack"],
    [{ format: 'pagerduty' }, "'secret' is required: with pagerduty"],
    [{ secret: 'short' }, "'secret' must be whsec_ and 24 to 64 bytes in base64"],
    [{ cooldown: 'soon' }, "'cooldown' must be a duration"],
    [{ group: { wait: '2h' } }, "'group.wait' must be a duration of at most 1h"],
    [{ group: { repeat: '4h' } }, "'group' has no field 'repeat'"],
    [{ urll: 'x' }, "body has no field 'urll' (did you mean 'url'?)"],
  ])('is refused, with what is wrong: %j', async (body, words) => {
    const url = 'http://127.0.0.1:59999/'
    const given = Object.keys(body).length === 0 ? {} : { url, ...body }
    const answer = await server.post('/admin/webhooks', given)
    expect(answer.status).toBe(400)
    const { error } = (await answer.json()) as { error: { message: string } }
    expect(error.message).toContain(words)
  })

  it('of which there is none is not found, and neither is a delivery', async () => {
    for (const act of [
      () => client.getWebhook('wh_none'),
      () => client.changeWebhook('wh_none', {}),
      () => client.testWebhook('wh_none'),
      () => client.rotateWebhook('wh_none'),
      () => client.listDeliveries('wh_none'),
      () => client.redeliverSince('wh_none', { since: '2026-01-01T00:00:00Z' }),
      () => client.deleteWebhook('a b'),
    ]) {
      await expect(act()).rejects.toMatchObject(refusal('webhook not found', 404))
    }
    await expect(client.redeliver('msg_none')).rejects.toMatchObject(
      refusal('delivery not found', 404),
    )
  })

  it('in a format of a service hides its address, which is a secret there', async () => {
    const url = 'http://127.0.0.1:59999/services/T0123/B0123/abcdefghijkl'
    const made = await client.createWebhook({ url, format: 'slack' })
    expect(made).toMatchObject({ url: 'http://127.0.0.1:59999/***', format: 'slack' })
    expect(made).not.toHaveProperty('secret')
    await expect(client.rotateWebhook(made.webhook_id)).rejects.toMatchObject({ status: 409 })
    await client.deleteWebhook(made.webhook_id)
  })
})

describe('what a webhook is told', () => {
  it('is verified by the library, and by ten lines of Python', async () => {
    const receiver = await startReceiver()
    const { secret = '', webhook_id } = await client.createWebhook({ url: receiver.url })
    await server.post('/admin/nodes', { node_id: 'verified', provider: 'aws', model: 'm' })
    await server.post('/admin/nodes/verified/logs', { message: 'asking', phase: 'queued' })
    await server.post('/admin/nodes/verified/logs', {
      ...{ message: 'CUDA out of memory \u{1f4a5}', level: 'error', phase: 'failed' },
    })
    const [message] = await receiver.messages(1)
    const [{ headers, body } = NOTHING] = receiver.received
    expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toMatchObject({
      type: 'launch.failed',
      data: { failure: { code: 'gpu_out_of_memory' }, launch: { node_id: 'verified' } },
    })
    expect(() =>
      new Webhook(secret).verify(body.replace('aws', 'gcp'), headers as Record<string, string>),
    ).toThrow()
    const python = `
import base64, hashlib, hmac, sys
secret, id, timestamp, signatures, body = sys.argv[1:]
key = base64.b64decode(secret.removeprefix("whsec_"))
signed = f"{id}.{timestamp}.{body}".encode()
own = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
print(any(hmac.compare_digest(f"v1,{own}", one) for one in signatures.split()))`
    const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature'] as const
    const given = names.map((name) => String(headers[name]))
    const verify = async (text: string) =>
      (await run('python3', ['-c', python, secret, ...given, text])).stdout.trim()
    expect(await verify(body)).toBe('True')
    expect(await verify(`${body} `)).toBe('False')
    const { deliveries, count } = await client.listDeliveries(webhook_id)
    expect(count).toBe(1)
    expect(deliveries).toMatchObject([
      { delivery_id: message?.id, state: 'delivered', attempts: [{ status: 204 }] },
    ])
    await client.deleteWebhook(webhook_id)
  })

  it('is a sample where somebody asks for one, with what came of it', async () => {
    const receiver = await startReceiver()
    const { webhook_id } = await client.createWebhook({ url: receiver.url })
    const fine = await client.testWebhook(webhook_id)
    expect(fine).toMatchObject({ type: 'webhook.test', state: 'delivered' })
    expect(fine).toEqual(operations.testWebhook.answer.parse(fine))
    receiver.answer = (response) => void response.writeHead(403).end('not you')
    const refused = await client.testWebhook(webhook_id, { type: 'launch.active' })
    expect(refused).toMatchObject({
      ...{ state: 'dead', answer: 'not you', attempts: [{ status: 403, error: 'answered 403' }] },
    })
    const messages = await receiver.messages(2)
    expect(messages.map(({ type, data }) => [type, data.sample])).toEqual([
      ['webhook.test', 'launch.failed'],
      ['webhook.test', 'launch.active'],
    ])
    receiver.answer = (response) => void response.writeHead(204).end()
    expect(await client.redeliver(refused.delivery_id)).toMatchObject({ state: 'waiting' })
    await receiver.messages(3)
    await client.deleteWebhook(webhook_id)
  })

  it('comes from whatever ends a launch: a command, a mark, an entry of another program', async () => {
    const receiver = await startReceiver()
    const { webhook_id } = await client.createWebhook({
      ...{ url: receiver.url, events: ['launch.active', 'launch.failed', 'launch.terminated'] },
    })
    for (const node_id of ['marked', 'entry', 'local', 'raw']) {
      if (node_id !== 'local') await server.post('/admin/nodes', { node_id })
    }
    await client.setNodeStatus('marked', { status: 'active', endpoint: 'http://10.0.0.7:8000' })
    await server.post('/admin/nodes/entry/logs', { message: 'gone', phase: 'failed' })
    await server.post('/admin/nodes/raw/logs', { message: 'here', phase: 'queued' })
    await client.setNodeStatus('raw', { status: 'terminated' })
    await client.launchNode({
      ...{ node_id: 'local', provider: 'local', task: JSON.stringify({ run: 'exit 3' }) },
    })
    const messages = await receiver.messages(4)
    const told = messages.map(({ type, data }) => `${data.launch.node_id} ${type}`).sort()
    expect(told).toEqual([
      'entry launch.failed',
      'local launch.failed',
      'marked launch.active',
      'raw launch.terminated',
    ])
    await client.deleteWebhook(webhook_id)
  })

  it('is what a launch was asked for, if this server launches it', async () => {
    const receiver = await startReceiver()
    const { webhook_id } = await client.createWebhook({
      ...{ url: receiver.url, events: ['launch.started'] },
    })
    await client.launchNode({
      ...{ node_id: 'asked', provider: 'local', model: 'tiny' },
      ...{ task: JSON.stringify({ run: 'exit 0' }), envs: { MODE: 'fast' } },
      secrets: { VALUE: SECRET },
    })
    await server.post('/admin/nodes', { node_id: 'not-asked' })
    await server.post('/admin/nodes/not-asked/logs', { message: 'here', phase: 'queued' })
    const messages = await receiver.messages(2)
    const byNode = new Map(messages.map(({ data }) => [data.launch.node_id, data]))
    expect(byNode.get('asked').request).toMatchObject({
      ...{ node_id: 'asked', provider: 'local', model: 'tiny' },
      ...{ task: JSON.stringify({ run: 'exit 0' }), envs: { MODE: 'fast' } },
    })
    expect(JSON.stringify(messages)).not.toContain(SECRET)
    expect(byNode.get('not-asked')).not.toHaveProperty('request')
    await client.deleteWebhook(webhook_id)
  })

  it('has no secret of its launch, whoever tells it: the log, the receiver, or the description', async () => {
    const receiver = await startReceiver()
    receiver.answer = (response, { body }) => void response.writeHead(200).end(`${body} ${SECRET}`)
    const { webhook_id } = await client.createWebhook({
      ...{ url: receiver.url, events: ['launch.failed', 'entry.matched'], q: 'said' },
    })
    await client.launchNode({
      ...{
        node_id: 'secretive',
        provider: 'local',
        model: `m-${SECRET}`,
        secrets: { VALUE: SECRET },
      },
      task: JSON.stringify({ run: 'echo "said $VALUE"; exit 3' }),
    })
    await receiver.messages(2)
    const { deliveries } = await until('the answers', async () => {
      const page = await client.listDeliveries(webhook_id)
      return page.deliveries.every(({ answer }) => answer !== undefined) && page
    })
    const sent = receiver.received.map(({ body }) => body).join()
    expect(sent).toContain('said ***')
    expect(sent + JSON.stringify(deliveries)).not.toContain(SECRET)
    await client.deleteWebhook(webhook_id)
  })

  it('is counted in the metrics', async () => {
    const receiver = await startReceiver()
    const { webhook_id } = await client.createWebhook({ url: receiver.url })
    const counted = async (outcome: string) => {
      const text = await (await server.fetch('/metrics')).text()
      const line = `launchtail_webhook_attempts_total{outcome="${outcome}"} `
      return Number(
        text
          .split('\n')
          .find((one) => one.startsWith(line))
          ?.slice(line.length),
      )
    }
    const before = [await counted('delivered'), await counted('dead')]
    await client.testWebhook(webhook_id)
    receiver.answer = (response) => void response.writeHead(500).end()
    await client.testWebhook(webhook_id)
    const after = [await counted('delivered'), await counted('dead')]
    expect(after).toEqual(before.map((count) => count + 1))
    await client.deleteWebhook(webhook_id)
  })

  it('is told a page at a time, the newest first', async () => {
    const receiver = await startReceiver()
    const { webhook_id } = await client.createWebhook({ url: receiver.url })
    for (let i = 0; i < 5; i += 1) await client.testWebhook(webhook_id)
    const ids: string[] = []
    for (let cursor: string | undefined; ; ) {
      const page = await client.listDeliveries(webhook_id, { limit: 2, ...(cursor && { cursor }) })
      ids.push(...page.deliveries.map(({ delivery_id }) => delivery_id))
      cursor = page.cursor
      if (cursor === undefined) break
    }
    const sent = receiver.received.map(({ headers }) => headers['webhook-id'])
    expect(ids).toEqual(sent.toReversed())
    expect(await client.listDeliveries(webhook_id, { state: 'dead' })).toMatchObject({ count: 0 })
    await client.deleteWebhook(webhook_id)
  })

  it('is still told after a restart', async () => {
    const own = await startServer()
    const receiver = await startReceiver()
    const up = receiver.down()
    await own.post('/admin/webhooks', { url: receiver.url })
    await own.post('/admin/nodes', { node_id: 'n' })
    await own.post('/admin/nodes/n/logs', { message: 'gone', phase: 'failed' })
    await until('the first attempt', async () => {
      const answer = await own.fetch('/admin/webhooks')
      const { webhooks } = (await answer.json()) as { webhooks: { failing_since?: string }[] }
      return webhooks[0]?.failing_since
    })
    await own.stop()
    await up()
    await startServer({ dataDir: own.dataDir })
    const [message] = await receiver.messages(1, 15_000)
    expect(message).toMatchObject({ type: 'launch.failed', data: { launch: { node_id: 'n' } } })
  })
})
