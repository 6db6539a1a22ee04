// Launches through SkyPilot at the same time, each with a reader: how long a line takes from the
// API server, through redaction, interpretation and store, to whoever watches that launch.
import { once } from 'node:events'
import { createServer, get } from 'node:http'
import { ALL, cpuSeconds } from '../machine.mjs'
import { inRounds, middle } from '../rounds.mjs'
import { TITLES } from '../servers.mjs'
import { digits, percent, table } from '../table.mjs'

const SERVERS = ['embedded', 'redis']
const LINES = 2000
const LAUNCHES = 100
/** Lines a second of one launch, as of one that installs packages. */
const RATE = 50
/** How long the last line may take to come, in milliseconds. */
const LIMIT = 30_000

export async function measure(scale) {
  const lines = Math.round(LINES * Math.min(1, scale.seconds))
  const launches = Math.min(LAUNCHES, scale.nodes)
  const api = await startApi()
  try {
    const env = { SKYPILOT_API_SERVER_ENDPOINT: api.url, LAUNCHTAIL_LAUNCH_TIMEOUT: '1h' }
    const results = await inRounds(scale.only(SERVERS), 1, { nodes: 0, env, core: ALL }, (server) =>
      measureOne(server, api, launches, lines),
    )
    const figure = (name, of) => digits(middle(results, name, of))
    return [
      `${launches} launches of ${digits(lines)} lines, ${RATE} lines a second each, and a reader for each.`,
      'Milliseconds from the API server to the reader; the server may use both cores, which it',
      'shares with what plays the API server, the readers and Redis.\n',
      table([
        ['', 'p50', 'p99', 'max', 'lines/s', 'CPU'],
        ...[...results.keys()].map((name) => [
          TITLES[name],
          figure(name, ({ p50 }) => p50),
          figure(name, ({ p99 }) => p99),
          figure(name, ({ max }) => max),
          figure(name, ({ rate }) => rate),
          percent(middle(results, name, ({ cpu }) => cpu)),
        ]),
      ]),
    ].join('\n')
  } finally {
    api.close()
  }
}

async function measureOne(server, api, launches, lines) {
  const ids = Array.from({ length: launches }, (_, i) => `l${i}`)
  for (const id of ids) await launch(server, id)
  const streams = await api.opened(launches)
  const took = []
  const reading = ids.map((id) => read(server, id, lines, took))
  await Promise.all(reading.map(({ open }) => open))
  const begun = performance.now()
  const before = cpuSeconds([server.pid])
  await play(streams, lines)
  const limit = setTimeout(() => {
    for (const { cut } of reading) cut()
  }, LIMIT)
  await Promise.all(reading.map(({ ended }) => ended))
  clearTimeout(limit)
  const seconds = (performance.now() - begun) / 1000
  const cpu = (cpuSeconds([server.pid]) - before) / seconds
  if (took.length !== launches * lines) {
    throw new Error(`${took.length} of ${launches * lines} lines came`)
  }
  took.sort((a, b) => a - b)
  const at = (share) => took[Math.min(took.length - 1, Math.floor(took.length * share))]
  return { p50: at(0.5), p99: at(0.99), max: at(1), rate: took.length / seconds, cpu }
}

async function launch({ port, headers }, id) {
  const [name, value] = headers.split(': ')
  const response = await fetch(`http://127.0.0.1:${port}/admin/nodes/launch`, {
    method: 'POST',
    headers: { [name]: value, 'Content-Type': 'application/json' },
    body: JSON.stringify({
      ...{ node_id: id, provider: 'aws', region: 'us-east-1', gpu: 'H100' },
      model: 'Qwen/Qwen2.5-7B-Instruct',
    }),
  })
  if (response.status !== 202) throw new Error(`a launch was answered with ${response.status}`)
  await response.arrayBuffer()
}

/** Each line says when it was written, by this process's clock. */
async function play(streams, lines) {
  const begun = performance.now()
  // Each stream has its own moment within the time of a line.
  const due = streams.map((_, i) => i / streams.length)
  for (let written = 0; written < streams.length * lines; ) {
    const now = ((performance.now() - begun) / 1000) * RATE
    streams.forEach((stream, i) => {
      for (; due[i] <= now && due[i] < lines; due[i] += 1) {
        written += 1
        stream.write(`${said(Math.floor(due[i]))} at=${performance.now().toFixed(3)}\n`)
      }
    })
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

const SAYINGS = [
  (i) => `(setup pid=2217) Collecting nvidia-cublas-cu12==12.4.5.${i}`,
  (i) => `(setup pid=2217)   Downloading torch-2.6.${i}-cp311-manylinux1_x86_64.whl (766.7 MB)`,
  (i) => `I 11-23 12:00:00 provisioner.py:${i}] Waiting for SSH to 203.0.113.${i % 256}`,
  (i) => `(setup pid=2217) Requirement already satisfied: numpy<${i}`,
]

function said(i) {
  return SAYINGS[i % SAYINGS.length](i)
}

/** An event of a line; others tell its message too. */
const LOGGED = /event: log\ndata: [^\n]* at=([\d.]+)"[^\n]*\n(?:id: [^\n]*\n)?\n/g

/** Reads a launch's stream until `lines` of the lines above have come. */
function read({ port, headers }, id, lines, took) {
  const [name, value] = headers.split(': ')
  const request = get({
    ...{ port, host: '127.0.0.1', agent: false, headers: { [name]: value } },
    path: `/admin/nodes/${id}/logs/stream?tail=0`,
  })
  const open = once(request, 'response').then(([response]) => response)
  const ended = open.then(async (response) => {
    let rest = ''
    let count = 0
    try {
      for await (const bytes of response) {
        const now = performance.now()
        const text = rest + bytes.latin1Slice()
        for (const [, written] of text.matchAll(LOGGED)) {
          took.push(now - Number(written))
          count += 1
        }
        if (count >= lines) return
        const end = text.lastIndexOf('\n\n')
        rest = end < 0 ? text : text.slice(end + 2)
      }
    } catch (error) {
      // Cut, as it took too long: what is missing is counted.
      if (error.code !== 'ECONNRESET') throw error
    } finally {
      request.destroy()
    }
  })
  return { open, ended, cut: () => request.destroy() }
}

/** As much of SkyPilot's API server as a launch needs that goes on and on. */
async function startApi() {
  let number = 0
  let streams = []
  const requests = new Map()
  const server = createServer((request, response) => {
    answer(request, response).catch((error) => response.destroy(error))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { url: `http://127.0.0.1:${server.address().port}`, opened, close }

  async function opened(count) {
    while (streams.length < count) await new Promise((resolve) => setTimeout(resolve, 10))
    const all = streams
    streams = []
    return all
  }

  async function answer(request, response) {
    const chunks = []
    for await (const chunk of request) chunks.push(chunk)
    const { pathname, searchParams } = new URL(request.url, 'http://api')
    const json = (body) => {
      response.setHeader('Content-Type', 'application/json')
      response.end(JSON.stringify(body))
    }
    if (pathname === '/api/health') {
      return json({ status: 'healthy', api_version: '27', version: '0.11.0' })
    }
    if (pathname === '/api/stream') {
      response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' })
      response.flushHeaders()
      return void streams.push(response)
    }
    if (pathname === '/api/status') {
      const id = searchParams.get('request_ids')
      return json(id ? [requests.get(id)].filter(Boolean) : [])
    }
    if (pathname === '/api/get') return json(requests.get(searchParams.get('request_id')))
    // All others are asked for and answered later: the launch goes on, and there is no cluster yet.
    number += 1
    const goesOn = pathname === '/launch'
    const { cluster_name } = JSON.parse(Buffer.concat(chunks).toString())
    const id = `request-${number}`
    requests.set(id, {
      ...{ request_id: id, name: `sky.${pathname.slice(1)}`, cluster_name },
      ...{ status: goesOn ? 'RUNNING' : 'SUCCEEDED', return_value: '[]', created_at: number },
    })
    response.setHeader('X-Skypilot-Request-ID', id)
    return json(null)
  }

  function close() {
    server.closeAllConnections()
    server.close()
  }
}
