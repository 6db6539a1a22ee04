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

/** Commands of clients so far; that of asking is in it. */
export async function commandsOf({ port }) {
  return Number(/total_commands_processed:(\d+)/.exec(await info(port))[1])
}

async function info(port) {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write('INFO stats\r\n')
  let text = ''
  for await (const chunk of socket) {
    text += chunk
    if (/total_commands_processed:\d+\r\n/.test(text)) break
  }
  return text
}
