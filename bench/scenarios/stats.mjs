// Statistics of ten thousand launches: how long they take, and what they cost a stream beside them.
import { stream } from '../load.mjs'
import { ALL } from '../machine.mjs'
import { startServer } from '../servers.mjs'
import { digits, median, table } from '../table.mjs'

export const SERVERS = ['embedded']
const NODES = 100
const REQUESTS = 41
const READERS = 100
/** Milliseconds between two requests beside the stream: a page asks every 30 s, so these are many pages. */
const EVERY = 50

const QUESTIONS = [
  ['of all', ''],
  ['by provider, region and GPU', 'by=provider,region,gpu'],
  ['in hours', 'bucket=1h'],
  ['of those that a query finds', `q=${encodeURIComponent('provider:p1 -cause:no_capacity')}`],
  ['of one node', `q=${encodeURIComponent('node:=s7')}`],
]

export async function measure({ only, entries, settle: warmup, seconds }) {
  if (only(SERVERS).length === 0) return 'Not measured.'
  const count = Math.min(10_000, entries)
  const watched = { readers: READERS, senders: 8, rate: 100, warmup, seconds }
  const rows = await withLaunches(count, medians)
  const alone = await withLaunches(count, (server) => stream(server, watched))
  const { beside, times } = await withLaunches(count, async (server) => {
    const stop = keepAsking(server)
    return { beside: await stream(server, watched), times: await stop() }
  })
  return [
    `${count} launches of ${NODES} nodes; medians of ${REQUESTS} requests, one after the other.\n`,
    table([['', 'ms'], ...rows]),
    `\n${READERS} readers, 100 entries/s, without and with a request every ${EVERY} ms.\n`,
    table([
      ['', 'p50 ms', 'p99 ms', 'statistics ms', 'lost'],
      ['alone', digits(alone.p50), digits(alone.p99), '', alone.lost],
      ['beside', digits(beside.p50), digits(beside.p99), digits(median(times)), beside.lost],
    ]),
  ].join('\n')
}

/** Acts on a new server that knows so many launches. */
async function withLaunches(count, act) {
  const server = await startServer('embedded', { core: ALL })
  try {
    await fill(server, count)
    return await act(server)
  } finally {
    await server.close()
  }
}

async function medians(server) {
  const rows = []
  for (const [title, query] of QUESTIONS) {
    const times = []
    for (let i = 0; i < REQUESTS; i += 1) times.push(await timeOf(server, `?last=0&${query}`))
    rows.push([title, digits(median(times))])
  }
  return rows
}

async function fill(server, count) {
  for (let n = 0; n < NODES; n += 1) {
    const node = { node_id: `s${n}`, provider: `p${n % 3}`, region: `r${n % 7}`, gpu: `g${n % 5}` }
    await call(server, 'POST', '/admin/nodes', node)
    const launches = Array.from({ length: Math.ceil(count / NODES) }, (_, i) => launchAt(n, i))
    await call(server, 'POST', `/admin/nodes/s${n}/logs`, launches.flat())
  }
}

/** Launches whose times are spread, a third of which fail. */
function launchAt(n, i) {
  const start = Date.UTC(2026, 0, 1) + i * 7_200_000 + n * 1000
  const long = 1000 + ((n * 7919 + i * 104_729) % 300_000)
  const at = (ms) => new Date(start + ms).toISOString()
  const end =
    (n + i) % 3 === 0
      ? { phase: 'failed', level: 'error', details: 'cause: no_capacity' }
      : { phase: 'active' }
  return [
    { phase: 'queued', message: 'queued', timestamp: at(0) },
    { phase: 'provisioning', message: 'provisioning', timestamp: at(long / 10) },
    { phase: 'installing', message: 'installing', timestamp: at(long / 2) },
    { message: 'the end', timestamp: at(long), ...end },
  ]
}

/** Asks again and again. The returned function ends it and gives the milliseconds that each took. */
function keepAsking(server) {
  const times = []
  let isOver = false
  const asking = (async () => {
    while (!isOver) {
      times.push(await timeOf(server, '?last=0&by=provider,region,gpu'))
      await new Promise((resolve) => setTimeout(resolve, EVERY))
    }
  })()
  return async () => {
    isOver = true
    await asking
    return times
  }
}

async function timeOf(server, query) {
  const since = performance.now()
  await call(server, 'GET', `/admin/stats${query}`)
  return performance.now() - since
}

async function call({ port, headers }, method, path, body) {
  const [name, value] = headers.split(': ')
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: { [name]: value, ...(body && { 'Content-Type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  })
  if (!response.ok) throw new Error(`${path} was answered with ${response.status}`)
  await response.arrayBuffer()
}
