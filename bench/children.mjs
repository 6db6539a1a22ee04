// The processes the bench starts. Each is ended by its id, also when the bench itself is ended.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const running = new Set()

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1))

/** Starts a command; `line` is called with each line it prints. It is killed after `limit` ms. */
export function start(
  [command, ...words],
  { env = {}, line = () => {}, limit, errors = 'inherit' } = {},
) {
  const child = spawn(command, words, {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', errors],
  })
  running.add(child)
  const overdue = limit && setTimeout(() => child.kill('SIGKILL'), limit)
  const left = once(child, 'close').then(([code]) => {
    clearTimeout(overdue)
    running.delete(child)
    return code
  })
  child.on('error', (error) => console.error(`bench: ${command}: ${error.message}`))
  let rest = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop()
    for (const one of lines) line(one)
  })
  return {
    pid: child.pid,
    left,
    async end(signal = 'SIGKILL') {
      child.kill(signal)
      await left
    },
  }
}

/** Starts a server that prints "listens on http://127.0.0.1:<port>", and waits for that. */
export async function startListening(command, env) {
  let told
  const listening = new Promise((resolve) => {
    told = resolve
  })
  const child = start(command, {
    env,
    line(text) {
      const port = /listens on http:\/\/[\d.]+:(\d+)/.exec(text)?.[1]
      if (port) told(Number(port))
    },
  })
  const port = await Promise.race([listening, child.left, sleep(20_000, undefined, { ref: false })])
  if (!child.pid || port === undefined || port < 1024) {
    await child.end()
    throw new Error(`did not listen: ${command.join(' ')}`)
  }
  return { ...child, port }
}

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}
