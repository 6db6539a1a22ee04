// A redis-server for one measurement, and how many commands it has had.
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort, start } from './children.mjs'
import { LOAD, on } from './machine.mjs'

export async function startRedis(folder) {
  const port = await freePort()
  const words = ['--port', port, '--bind', '127.0.0.1', '--dir', folder, '--save', '']
  const child = start(on(LOAD, ['redis-server', ...words.map(String)]))
  for (let tries = 0; ; tries += 1) {
    try {
      await info(port)
      return { port, url: `redis://127.0.0.1:${port}`, pid: child.pid, end: child.end }
    } catch (error) {
      if (tries > 100) throw error
      await sleep(20)
    }
  }
}

/**
 * Commands that clients have sent so far. A script counts as one: what it does inside stands in the
 * same statistics, and is left out, as are what the load client sends and the question itself.
 */
export async function commandsOf({ port }) {
  const text = await info(port)
  let sum = 0
  for (const [, name, calls] of text.matchAll(/^cmdstat_([\w|]+):calls=(\d+)/gm)) {
    if (!WITHIN.has(name)) sum += Number(calls)
  }
  return sum
}

const WITHIN = new Set('time llen lindex rpush pexpire publish get set hget hset info'.split(' '))

async function info(port) {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write('INFO commandstats\r\n')
  let text = ''
  let length
  for await (const chunk of socket) {
    text += chunk
    length ??= Number(/^\$(\d+)\r\n/.exec(text)?.[1])
    if (Buffer.byteLength(text) >= length) break
  }
  return text
}
