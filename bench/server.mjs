// Starts what the measurements are taken of: the built server, and a redis-server beside it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

export const TOKEN = 'bench-token-0123456789'
const program = fileURLToPath(new URL('../packages/server/dist/cli/index.js', import.meta.url))

/** A server on `store` ("sqlite" or "redis"), in a folder of its own. End it with `close`. */
export async function startServer(store) {
  const folder = mkdtempSync(join(tmpdir(), 'launchtail-bench-'))
  const redis = store === 'redis' ? await startRedis(folder) : undefined
  const child = spawn(process.execPath, [program, 'serve'], {
    env: {
      PATH: process.env.PATH,
      PORT: '0',
      LAUNCHTAIL_ADMIN_TOKEN: TOKEN,
      LAUNCHTAIL_DATA_DIR: folder,
      LAUNCHTAIL_LOG_LEVEL: 'error',
      LAUNCHTAIL_MAX_ENTRIES: '10000000',
      ...(redis && { REDIS_URL: redis.url }),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  while (!/listens on (\S+)/.test(output)) {
    if (child.exitCode !== null) throw new Error('the server left')
    await sleep(20)
  }
  const url = /listens on (\S+)/.exec(output)[1]
  return {
    url,
    pid: child.pid,
    request: (path, init = {}) =>
      fetch(url + path, { ...init, headers: { 'X-Admin-Token': TOKEN, ...init.headers } }),
    async close() {
      child.kill('SIGKILL')
      await once(child, 'exit')
      await redis?.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function startRedis(folder) {
  const port = await freePort()
  const child = spawn('redis-server', ['--port', String(port), '--dir', folder, '--save', ''], {
    stdio: 'ignore',
  })
  await sleep(500)
  return {
    url: `redis://127.0.0.1:${port}`,
    async close() {
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

export async function createNode(server, nodeId) {
  await server.request('/admin/nodes', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ node_id: nodeId }),
  })
}

export async function send(server, nodeId, entries) {
  const response = await server.request(`/admin/nodes/${nodeId}/logs`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: typeof entries === 'string' ? entries : JSON.stringify(entries),
  })
  if (response.status !== 202) throw new Error(`${response.status}: ${await response.text()}`)
  return response.json()
}

/** An entry of about 250 bytes, as launches have them. */
export function entry(i) {
  return {
    timestamp: new Date().toISOString(),
    level: 'info',
    message: `Loading safetensors checkpoint shards: ${i} of many, and some more words to make this a line of the usual length in such a log`,
    phase: 'model_loading',
    progress: 72,
  }
}

export function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]
}
