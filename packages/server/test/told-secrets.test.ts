import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { createClient } from '@launchtail/client'
import { WEBHOOK_EVENT_NAMES, WEBHOOK_FORMATS } from '@launchtail/client/protocol'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { openSqlite } from '../src/sqlite.js'
import { startCommand } from './support/command.js'
import {
  endAll,
  type RunningServer,
  startRedis,
  startServer,
  TOKEN,
  temporaryFolder,
  until,
} from './support/processes.js'
import { startReceiver } from './support/receiver.js'
import { givenSecrets, KNOWN, PROVIDERS, random } from './support/secrets.js'

afterAll(endAll)

const VALUE = 'correct-horse-battery-staple'
const RECEIVER_KEY = `receiver-key-${random(20)}`

/** Whatever counts as a secret: what is known by its looks, the server's own, a launch's own in any form. */
const OTHERS = [
  ...Object.values({ ...KNOWN, ...PROVIDERS }).map((text) => ({ text, hidden: text.slice(-12) })),
  ...[TOKEN, RECEIVER_KEY].map((text) => ({ text, hidden: text })),
]
const SECRETS = [...OTHERS, ...givenSecrets(VALUE)]
const said = ({ text }: { text: string }) => `said ${text}`

/** A receiver of OTLP that keeps what it is sent. */
async function startOtlpReceiver() {
  const bodies = new Map<string, string>()
  const server = createServer(async (request, response) => {
    const { url = '' } = request
    bodies.set(url, (bodies.get(url) ?? '') + (await buffer(request)).toString())
    response.writeHead(200).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, sent: (path: string) => bodies.get(path) ?? '' }
}

const stores: [string, () => Promise<Record<string, string>>][] = [
  ['SQLite', async () => ({})],
  ['Redis', async () => ({ REDIS_URL: (await startRedis()).url })],
]

describe.each(stores)('no secret of any launch, on %s,', (_name, storeEnv) => {
  it('is in a message, a delivery, a batch, a metric or an annotation', async () => {
    const otlp = await startOtlpReceiver()
    const server = await startServer({
      env: {
        ...(await storeEnv()),
        LAUNCHTAIL_OTLP_ENDPOINT: otlp.url,
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
        OTEL_EXPORTER_OTLP_COMPRESSION: 'none',
        OTEL_EXPORTER_OTLP_HEADERS: `X-Key=${RECEIVER_KEY}`,
      },
    })
    const client = createClient({ baseUrl: server.url, token: server.token })
    const receivers = await addWebhooks(client)
    await sendingHasBegun(server, otlp)

    await launchLocally(client)
    await sendIn(server, client)
    const nodes = ['local', 'entries', 'raw', 'records']
    for (const id of nodes) await until(`the end of ${id}`, () => hasFailed(client, id))
    await until('the launches to be sent', () => nodes.every((id) => isTraced(otlp, id)))
    await until('the messages', () =>
      receivers.every(({ received }) =>
        nodes.every((id) => received.some(({ body }) => isAbout(body, id))),
      ),
    )
    await until('no message to wait', async () =>
      (await client.listWebhooks()).webhooks.every(({ waiting }) => waiting === 0),
    )

    const shown = {
      messages: receivers.flatMap(({ received }) => received.map(({ body }) => body)).join('\n'),
      deliveries: await deliveriesOf(client),
      outbox: await storedMessages(server),
      logs: otlp.sent('/v1/logs'),
      traces: otlp.sent('/v1/traces'),
      metrics: await (await server.fetch('/metrics')).text(),
      annotations: await annotations(server, nodes),
    }
    const found = Object.entries(shown).flatMap(([place, text]) =>
      SECRETS.filter(({ hidden }) => text.includes(hidden)).map((one) => `${place}: ${one.text}`),
    )
    expect(found).toEqual([])
    // Each of them has shown what there was to hide.
    for (const place of ['messages', 'deliveries', 'outbox', 'logs', 'annotations'] as const) {
      expect([place, shown[place].includes('***')]).toEqual([place, true])
    }
    expect(shown.traces).toContain('launchtail.model')
    expect(shown.metrics).toContain('provider="other"')
  }, 120_000)
})

/** A webhook in each format. Their receivers answer with what they are sent, and with secrets. */
async function addWebhooks(client: ReturnType<typeof createClient>) {
  return Promise.all(
    WEBHOOK_FORMATS.map(async (format) => {
      const receiver = await startReceiver()
      receiver.answer = (response, { body }) => {
        // Whoever is told of one launch does not know what the secrets of another one are.
        const known = body.includes('"local"') ? SECRETS : OTHERS
        void response.writeHead(200).end(`${known.map(({ text }) => text).join(' ')} ${body}`)
      }
      await client.createWebhook({
        ...{ url: receiver.url, format, ...(isSlow(format) ? SLOW : FAST) },
        ...(format === 'pagerduty' && { secret: 'routing-key' }),
        group: { wait: '0s', interval: '0s' },
      })
      return receiver
    }),
  )
}

const FAST = { events: WEBHOOK_EVENT_NAMES, q: 'said' }
const SLOW = { events: ['launch.failed' as const] }

/** These take a message or two in a second. */
function isSlow(format: string): boolean {
  return format === 'slack' || format === 'discord'
}

async function sendingHasBegun(
  server: RunningServer,
  otlp: Awaited<ReturnType<typeof startOtlpReceiver>>,
): Promise<void> {
  await server.post('/admin/nodes', { node_id: 'first' })
  await until('the first batch', async () => {
    await server.post('/admin/nodes/first/logs', { message: 'a beginning' })
    return otlp.sent('/v1/logs') !== ''
  })
}

/** A launch of this server, whose description and output have its own secret. */
async function launchLocally(client: ReturnType<typeof createClient>): Promise<void> {
  const file = join(await temporaryFolder(), 'lines')
  await writeFile(file, `${SECRETS.map(said).join('\n')}\nERROR: said ${VALUE}\n`)
  await client.launchNode({
    ...{ node_id: 'local', provider: 'local', model: `model-${VALUE}`, gpu: VALUE },
    ...{ envs: { GIVEN: VALUE }, secrets: { API_KEY: VALUE } },
    task: JSON.stringify({ run: `cat ${file}; echo "said $API_KEY"; exit 3` }),
  })
}

/** Launches of other programs, told in each way there is. */
async function sendIn(
  server: RunningServer,
  client: ReturnType<typeof createClient>,
): Promise<void> {
  const [token = ''] = Object.values(KNOWN)
  for (const node_id of ['entries', 'raw', 'records']) {
    // The token looks like a provider's name, which would be a label of a metric.
    const labels = { team: token, api_key: 'hunter2hunter2' }
    await server.post('/admin/nodes', {
      node_id,
      provider: TOKEN,
      name: token,
      model: token,
      labels,
    })
  }
  const known = OTHERS.map(said)
  const entries = known.map((message) => ({ message, level: 'warn', details: message }))
  await server.post('/admin/nodes/entries/logs', entries)
  await server.post('/admin/nodes/raw/logs', known.join('\n'), { 'Content-Type': 'text/plain' })
  const logRecords = known.map((stringValue) => ({
    body: { stringValue },
    attributes: [{ key: 'also', value: { stringValue } }],
  }))
  const attributes = [{ key: 'host.name', value: { stringValue: 'records' } }]
  const resourceLogs = [{ resource: { attributes }, scopeLogs: [{ logRecords }] }]
  expect((await server.post('/v1/logs', { resourceLogs })).status).toBe(200)
  for (const id of ['entries', 'raw', 'records']) {
    const message = known.at(-1) as string
    await server.post(`/admin/nodes/${id}/logs`, { message, level: 'error', phase: 'failed' })
    await client.getNode(id)
  }
}

async function hasFailed(client: ReturnType<typeof createClient>, id: string): Promise<boolean> {
  return (await client.getNode(id)).status === 'failed'
}

function isTraced(otlp: Awaited<ReturnType<typeof startOtlpReceiver>>, id: string): boolean {
  return otlp.sent('/v1/traces').includes(`"${id}"`)
}

/** True for a message about the failure of the node, in whatever format. */
function isAbout(body: string, id: string): boolean {
  return body.includes(id) && body.includes('failed')
}

async function deliveriesOf(client: ReturnType<typeof createClient>): Promise<string> {
  const { webhooks } = await client.listWebhooks()
  const pages = webhooks.map(({ webhook_id }) => client.listDeliveries(webhook_id, { limit: 1000 }))
  return JSON.stringify([webhooks, await Promise.all(pages)])
}

async function storedMessages({ dataDir }: RunningServer): Promise<string> {
  const database = await openSqlite(join(dataDir, 'records.db'))
  try {
    return JSON.stringify(database.prepare('select message, log, answer from deliveries').all())
  } finally {
    database.close()
  }
}

async function annotations(server: RunningServer, nodes: readonly string[]): Promise<string> {
  const folder = await temporaryFolder()
  const summary = join(folder, 'summary')
  const shown = nodes.map(async (id) => {
    const env = { GITHUB_STEP_SUMMARY: summary, GITHUB_OUTPUT: join(folder, 'outputs') }
    const args = ['logs', '--follow', '--tail', 'all', '-o', 'github', id]
    const { stdout } = await startCommand(server.url, args, { env }).ended
    expect(stdout).toContain('::error ')
    return stdout
  })
  const all = await Promise.all(shown)
  return all.join('\n') + (await readFile(summary, 'utf8'))
}
