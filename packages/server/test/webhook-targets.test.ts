import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer as createSecureServer } from 'node:https'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { createClient } from '@launchtail/client'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, test } from 'vitest'
import { allowedOf } from '../src/notify/target/allowed.js'
import { createPoster, type PosterOptions } from '../src/notify/target/post.js'
import { createTargetRefusal } from '../src/notify/target/refuse-target.js'
import { startServer, temporaryFolder, until } from './support/processes.js'
import { startReceiver } from './support/receiver.js'

/** Listeners on this machine that count who connects, whatever address they used. */
const listeners: Server[] = []
let connections = 0
let port = 0

beforeAll(async () => {
  // A listener on all addresses, of both families, that speaks no protocol at all.
  const server = createServer((socket) => {
    connections += 1
    socket.destroy()
  })
  server.listen(0, '::')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
  listeners.push(server)
})
afterAll(() => {
  for (const server of listeners) server.close()
})

/** Hosts that lead to this machine, to a private network, or to what only stands for another address. */
const FORBIDDEN = [
  '127.0.0.1',
  '127.1',
  '127.255.255.254',
  '2130706433',
  '0x7f000001',
  '0177.0.0.1',
  '0',
  '0.0.0.0',
  '0.1.2.3',
  '10.0.0.1',
  '10.255.255.255',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '169.254.169.254',
  '169.254.0.1',
  '100.64.0.1',
  '100.127.255.255',
  '192.0.0.8',
  '192.0.2.1',
  '192.88.99.1',
  '198.18.0.1',
  '198.51.100.7',
  '203.0.113.9',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '[::1]',
  '[::]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::127.0.0.1]',
  '[64:ff9b::7f00:1]',
  '[64:ff9b:1::7f00:1]',
  '[2002:7f00:1::]',
  '[2001:0:7f00:1::]',
  '[fc00::1]',
  '[fd12:3456::1]',
  '[fe80::1]',
  '[ff02::1]',
  '[2001:db8::1]',
  '[fec0::1]',
  '[::ffff:0:127.0.0.1]',
  'metadata',
  'metadata.google.internal',
]

const PUBLIC = ['93.184.216.34', '8.8.8.8', '2606:2800:220:1::1']

function poster(given: Partial<PosterOptions> = {}) {
  const post = createPoster({
    rules: { allowed: allowedOf(''), allowLoopback: false },
    lookup: async () => ['127.0.0.1'],
    timeout: 2000,
    ...given,
  })
  return (url: string) => post({ url, body: '{}', headers: {} })
}

const isForbidden = { error: expect.stringMatching(/^its address /), isForbidden: true }

describe('an address to which no message may go', () => {
  it.each(FORBIDDEN)('is refused without a connection: %s', async (host) => {
    const before = connections
    expect(await poster()(`https://${host}:${port}/`)).toMatchObject(isForbidden)
    expect(connections).toBe(before)
    const refusal = createTargetRefusal(
      { allowed: allowedOf(''), allowLoopback: false },
      async () => ['127.0.0.1'],
    )
    await expect(refusal(`https://${host}:${port}/`)).rejects.toMatchObject({ status: 400 })
  })

  it.each([
    'http://93.184.216.34/',
    'file:///etc/passwd',
    'gopher://93.184.216.34/',
    'ftp://93.184.216.34/',
    'https://user:password@93.184.216.34/',
    'https://93.184.216.34:22/',
    'https://93.184.216.34:25/',
    'javascript:alert(1)',
    'no address',
  ])('is refused for its form: %s', async (url) => {
    expect(await poster({ lookup: async () => [] })(url)).toMatchObject(isForbidden)
  })

  it.each(['localhost.', 'localhost', 'LOCALHOST', 'xn--lclhost-9za0k.example', 'evil.example'])(
    'is refused once its name leads there: %s',
    async (name) => {
      const before = connections
      expect(await poster()(`https://${name}:${port}/`)).toMatchObject(isForbidden)
      expect(connections).toBe(before)
    },
  )

  it('is refused if only one of its addresses is such a one', async () => {
    const before = connections
    for (const bad of ['127.0.0.1', '::1', 'fe80::1', '::ffff:10.0.0.1']) {
      const lookup = async () => [...PUBLIC, bad]
      expect(await poster({ lookup })(`https://two.example:${port}/`)).toMatchObject(isForbidden)
    }
    expect(connections).toBe(before)
  })

  it('is not reached through a name that leads elsewhere a moment later', async () => {
    const before = connections
    let asked = 0
    // First an address that nobody has, then this machine. The first is connected to, and fails.
    const lookup = async () => {
      asked += 1
      return asked % 2 === 1 ? ['2d00::1'] : ['127.0.0.1']
    }
    const rebinding = poster({ lookup, timeout: 300 })
    for (let i = 0; i < 10; i += 1) {
      const answer = await rebinding(`https://rebind.example:${port}/`)
      expect(answer).toHaveProperty('error')
      // One question an attempt: what was checked is what is connected to.
      expect(asked).toBe(i + 1)
    }
    expect(connections).toBe(before)
  })
})

test('what the operator allows is reached, also without encryption', async () => {
  const receiver = await startReceiver()
  const { url, port: at } = receiver
  const allow = (text: string) => ({ rules: { allowed: allowedOf(text), allowLoopback: false } })
  const lookup = async () => ['127.0.0.1']
  expect(await poster({ lookup })(url)).toMatchObject(isForbidden)
  for (const [text, address] of [
    ['127.0.0.0/8', url],
    ['127.0.0.1', url],
    ['hooks.internal', `http://hooks.internal:${at}/`],
    ['10.0.0.0/8, hooks.internal', `http://HOOKS.internal.:${at}/`],
  ] as const) {
    expect([text, await poster({ ...allow(text), lookup })(address)]).toEqual([
      text,
      expect.objectContaining({ status: 204 }),
    ])
  }
  expect(await poster({ ...allow('10.0.0.0/8'), lookup })(url)).toMatchObject(isForbidden)
  expect(receiver.received).toHaveLength(4)
  expect(receiver.received[3]?.headers.host).toBe(`hooks.internal.:${at}`)
})

test('an address that does not answer leaves time for the next one', async () => {
  const receiver = await startReceiver()
  const rules = { allowed: allowedOf('hooks.internal'), allowLoopback: false }
  // Nobody has the first one: depending on the network, it is refused at once or never answers.
  const lookup = async () => ['2d00::1', '127.0.0.1']
  const answer = await poster({ rules, lookup, timeout: 10_000 })(
    `http://hooks.internal:${receiver.port}/`,
  )
  expect(answer).toMatchObject({ status: 204 })
})

test('where the server serves this machine alone, it may call programs on it', async () => {
  const receiver = await startReceiver()
  const rules = { allowed: allowedOf(''), allowLoopback: true }
  expect(await poster({ rules })(receiver.url)).toMatchObject({ status: 204 })
  const byName = receiver.url.replace('127.0.0.1', 'localhost')
  expect(await poster({ rules })(byName)).toMatchObject({ status: 204 })
  expect(await poster({ rules })(`http://10.0.0.1:${port}/`)).toMatchObject(isForbidden)
})

test('what is allowed is read with its faults named', () => {
  expect([...allowedOf('hooks.internal, 10.0.0.0/8').names]).toEqual(['hooks.internal'])
  for (const text of ['10.0.0.0/33', 'a b', 'http://x', 'fe80::1%lo', '*.internal']) {
    expect(() => allowedOf(text)).toThrow(/^must be addresses, networks or host names/)
  }
})

test('proxies of the environment are not asked', async () => {
  const receiver = await startReceiver()
  const rules = { allowed: allowedOf(''), allowLoopback: true }
  process.env.HTTP_PROXY = `http://127.0.0.1:${port}`
  const before = connections
  expect(await poster({ rules })(receiver.url)).toMatchObject({ status: 204 })
  delete process.env.HTTP_PROXY
  expect(connections).toBe(before)
})

test('a certificate is checked for the name in the address, or for the address itself', async () => {
  const folder = await temporaryFolder()
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const names = 'subjectAltName=DNS:hooks.internal,IP:127.0.0.1'
  const made = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const about = ['-days', '2', '-subj', '/CN=hooks.internal', '-addext', names]
  execFileSync('openssl', ['req', ...made, ...about, '-keyout', key, '-out', cert], {
    stdio: 'ignore',
  })
  const ca = readFileSync(cert, 'utf8')
  const hosts: unknown[] = []
  const server = createSecureServer({ key: readFileSync(key), cert: ca }, (request, response) => {
    hosts.push(request.headers.host)
    response.writeHead(204).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port: at } = server.address() as AddressInfo
  const rules = {
    allowed: allowedOf('hooks.internal, other.internal, 127.0.0.1'),
    allowLoopback: false,
  }
  const lookup = async () => ['127.0.0.1']
  const trusting = poster({ rules, lookup, ca })
  for (const host of ['hooks.internal', '127.0.0.1']) {
    expect([host, await trusting(`https://${host}:${at}/`)]).toMatchObject([host, { status: 204 }])
  }
  expect(await trusting(`https://other.internal:${at}/`)).toMatchObject({
    error: expect.stringContaining("does not match certificate's altnames"),
  })
  expect(await poster({ rules, lookup })(`https://hooks.internal:${at}/`)).toMatchObject({
    error: expect.stringContaining('self-signed certificate'),
  })
  expect(hosts).toEqual([`hooks.internal:${at}`, `127.0.0.1:${at}`])
})

test('each way to send is refused in words, by whatever setting the webhook was created', async () => {
  const receiver = await startReceiver()
  const open = await startServer()
  const made = await open.post('/admin/webhooks', { url: receiver.url })
  const { webhook_id: id } = (await made.json()) as { webhook_id: string }
  await open.stop()
  // From now on the server serves others than this machine.
  const server = await startServer({ dataDir: open.dataDir, env: { HOST: '0.0.0.0' } })
  const url = server.url.replace('0.0.0.0', '127.0.0.1')
  const client = createClient({ baseUrl: url, token: server.token })
  const words = 'must begin with https://'
  const create = client.createWebhook({ url: receiver.url })
  await expect(create).rejects.toMatchObject({ status: 400, message: `'url' ${words}` })
  const loopback = receiver.url.replace('http:', 'https:')
  const change = client.changeWebhook(id, { url: loopback })
  await expect(change).rejects.toMatchObject({
    ...{ status: 400, message: expect.stringContaining('leads to 127.0.0.1') },
  })
  const tested = await client.testWebhook(id)
  const refused = { attempts: [{ error: `its address ${words}` }] }
  expect(tested).toMatchObject({ state: 'dead', ...refused })
  await client.createNode({ node_id: 'n' })
  await client.setNodeStatus('n', { status: 'failed' })
  const failures = async () =>
    (await client.listDeliveries(id)).deliveries.filter(({ type }) => type === 'launch.failed')
  const sent = await until('the attempt', async () => {
    const [one] = await failures()
    return one?.attempts.length ? one : undefined
  })
  expect(sent).toMatchObject({ state: 'waiting', ...refused })
  await client.redeliver(tested.delivery_id)
  await until('the second attempt', async () => {
    const { deliveries } = await client.listDeliveries(id)
    return deliveries.find((one) => one.delivery_id === tested.delivery_id)?.attempts.length === 2
  })
  expect(receiver.connections()).toBe(0)
})
