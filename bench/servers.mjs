// What is measured. Each is started anew for each measurement, on a free port of the loopback, in
// a folder of its own, and says how it is read from and sent to.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort, start, startListening } from './children.mjs'
import { on, SERVER } from './machine.mjs'
import { nchanConfig } from './peers/nchan.mjs'
import { startPostgres } from './postgres.mjs'
import { startRedis } from './redis.mjs'

const TOKEN = 'bench-token-0123456789'
const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** `BENCH_PROFILE=<folder>` leaves a processor profile of each server of ours there. */
const PROFILES = process.env.BENCH_PROFILE
/**
 * A full collection takes 100 to 250 ms of the one core that a server has here, with 10,000 readers, and
 * comes every 20 s: in some windows of 2.5 s and not in others. So each collects when its readers are
 * there, before it is warmed up, and is measured from the same point on. What collections cost in the
 * long run stands in the soak, and in the processor time.
 */
const COLLECTING = [
  '--expose-gc',
  `--require=${fileURLToPath(new URL('./collect.cjs', import.meta.url))}`,
]
const parts = new URL('./.cache/nginx/', import.meta.url)

export const TITLES = {
  embedded: 'Launchtail, embedded store',
  redis: 'Launchtail, Redis',
  postgres: 'Launchtail, Redis and PostgreSQL',
  raw: 'raw',
  nchan: 'nchan',
  'fastify-sse': 'Fastify + @fastify/sse',
  'better-sse': 'better-sse',
  hono: 'Hono streamSSE',
  reference: 'reference algorithm, Redis',
}

/**
 * Starts one of the above; `nodes` are there from the start, `env` are settings of ours, `core` is
 * where ours runs, `checkout` whose build it is, and `plain` starts it as its users do, without a way
 * to `collect`. With `workers`, its records are in PostgreSQL, and so many processes serve. End it with
 * `close`.
 */
export async function startServer(
  name,
  { nodes = 1, env: given = {}, core = SERVER, checkout = ROOT, plain = false, workers } = {},
) {
  const folder = mkdtempSync(join(tmpdir(), 'launchtail-bench-'))
  const redis = WITH_REDIS.includes(name) ? await startRedis(folder) : undefined
  let postgres
  try {
    if (workers || name === 'postgres') postgres = await startPostgres(folder)
    const env = {
      ...given,
      ...(postgres && { DATABASE_URL: postgres.url }),
      ...(workers && { LAUNCHTAIL_WORKERS: String(workers) }),
    }
    let server = await begin(name, folder, redis, { nodes, env, core, checkout, plain })
    return {
      ...server,
      name,
      redis,
      postgres,
      folder,
      /** Ends it, and starts it again with what it has kept. */
      async again() {
        await server.end()
        server = await begin(name, folder, redis, { nodes: 0, env, core, checkout, plain })
        return server
      },
      async close() {
        await server.end()
        await redis?.end()
        await postgres?.end()
        rmSync(folder, { recursive: true, force: true })
      },
    }
  } catch (error) {
    await redis?.end()
    await postgres?.end()
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

const WITH_REDIS = ['redis', 'postgres', 'reference']

function begin(name, folder, redis, options) {
  if (['embedded', 'redis', 'postgres'].includes(name)) return startProduct(folder, redis, options)
  return name === 'nchan' ? startNchan(folder) : startPeer(name, redis)
}

async function startProduct(folder, redis, { nodes, env, core, checkout, plain }) {
  const program = join(checkout, 'packages/server/bin/launchtail.js')
  const begun = performance.now()
  const child = await startListening(on(core, node([program, 'serve'], { plain })), {
    PORT: '0',
    LAUNCHTAIL_ADMIN_TOKEN: TOKEN,
    LAUNCHTAIL_DATA_DIR: folder,
    LAUNCHTAIL_LOG_LEVEL: 'error',
    LAUNCHTAIL_MAX_ENTRIES: '10000000',
    LAUNCHTAIL_DRAIN: '1s',
    // All readers come from here, with one token.
    LAUNCHTAIL_MAX_STREAMS_PER_TOKEN: '0',
    LAUNCHTAIL_MAX_STREAMS_PER_ADDRESS: '0',
    ...(redis && { REDIS_URL: redis.url }),
    ...env,
  })
  const startedIn = performance.now() - begun
  await createNodes(child.port, nodes)
  return {
    ...child,
    startedIn,
    collect: plain ? undefined : () => pidsOf(child.pid).map((pid) => process.kill(pid, 'SIGUSR2')),
    pids: () => pidsOf(child.pid),
    // A process writes its profile when it ends by itself.
    end: () => child.end(PROFILES ? 'SIGTERM' : 'SIGKILL'),
    headers: `X-Admin-Token: ${TOKEN}`,
    stream: '/admin/nodes/n%d/logs/stream?tail=0',
    backlog: '/admin/nodes/n%d/logs/stream?tail=all',
    history: '/admin/nodes/n%d/logs?tail=100',
    send: '/admin/nodes/n%d/logs',
  }
}

/** A server's process, and its workers if it has some. It has no other children while it is measured. */
function pidsOf(pid) {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
  return [pid, ...children.filter((text) => text !== '').map(Number)]
}

async function createNodes(port, count) {
  let next = 0
  const some = async () => {
    while (next < count) {
      const body = JSON.stringify({ node_id: `n${next++}` })
      const response = await fetch(`http://127.0.0.1:${port}/admin/nodes`, {
        method: 'POST',
        headers: { 'X-Admin-Token': TOKEN, 'Content-Type': 'application/json' },
        body,
      })
      if (response.status !== 201) throw new Error(`a node was answered with ${response.status}`)
      await response.arrayBuffer()
    }
  }
  await Promise.all(Array.from({ length: 8 }, some))
}

async function startPeer(name, redis) {
  const file = fileURLToPath(new URL(`./peers/${name}.mjs`, import.meta.url))
  const child = await startListening(on(SERVER, node([file])), redis && { REDIS_URL: redis.url })
  return {
    ...child,
    collect: () => process.kill(child.pid, 'SIGUSR2'),
    headers: '',
    stream: '/stream/n%d?tail=0',
    backlog: '/stream/n%d?tail=all',
    history: '/history/n%d?tail=100',
    send: redis ? 'node_logs:n%d' : '/publish/n%d',
    sendsToRedis: redis !== undefined,
  }
}

async function startNchan(folder) {
  const port = await freePort()
  const module = fileURLToPath(new URL('usr/lib/nginx/modules/ngx_nchan_module.so', parts))
  const nginx = fileURLToPath(new URL('usr/sbin/nginx', parts))
  const config = join(folder, 'nginx.conf')
  writeFileSync(config, nchanConfig({ port, module, folder }))
  const child = start(on(SERVER, [nginx, '-p', folder, '-e', 'stderr', '-c', config]))
  await accepting(port)
  return {
    ...child,
    port,
    headers: 'X-EventSource-Event: log',
    stream: '/stream/n%d',
    backlog: '/all/n%d',
    send: '/publish/n%d',
  }
}

async function accepting(port) {
  for (let tries = 0; tries < 200; tries += 1) {
    const open = await new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy()
        resolve(true)
      }).on('error', () => resolve(false))
    })
    if (open) return
    await sleep(20)
  }
  throw new Error('nginx did not listen')
}

function node(words, { plain = false } = {}) {
  return [
    process.execPath,
    ...(plain ? [] : COLLECTING),
    ...(PROFILES ? ['--cpu-prof', `--cpu-prof-dir=${PROFILES}`] : []),
    ...words,
  ]
}
