import { connect } from 'node:net'
import { onTestFinished } from 'vitest'
import { checkOf } from '../../src/logs/check.js'
import { type RunningRedis, redisCli } from './processes.js'

export interface LateAppend {
  /** What the Redis has said to it so far: how many it was announced to, or why it was refused. */
  reply(): string
}

/**
 * Freezes a master at once, with an append in its socket by a program that knows of no failover:
 * it is carried out, and announced as our own are, as soon as the master wakes.
 */
export async function freezeWithAppends(
  master: RunningRedis,
  keys: readonly string[],
  message: string,
  { announce = 'PUBLISH' as 'PUBLISH' | 'SPUBLISH' } = {},
): Promise<LateAppend[]> {
  const script = `redis.call('RPUSH', KEYS[1], ARGV[1])
    return redis.call('${announce}', KEYS[1], ARGV[2])`
  const appends = await Promise.all(keys.map((key) => continuing(master, key, message)))
  master.signal('SIGSTOP')
  return appends.map(({ key, text, head }) => {
    const socket = connect(master.port, '127.0.0.1')
    onTestFinished(() => void socket.destroy())
    // Ended with the Redis.
    socket.on('error', () => {})
    let reply = ''
    socket.setEncoding('utf8').on('data', (piece: string) => {
      reply += piece
    })
    socket.write(command('EVAL', script, '1', key, text, `${head}\n${text}`))
    return { reply: () => reply }
  })
}

/** The entry, and the head of its announcement, as what the list has now goes on. */
async function continuing(master: RunningRedis, key: string, message: string) {
  const timestamp = '2024-01-15T10:30:00Z'
  const text = JSON.stringify({ timestamp, level: 'info', message, phase: 'queued' })
  const [length, last] = await Promise.all([
    redisCli(master.port, ['LLEN', key]),
    redisCli(master.port, ['LINDEX', key, '-1']),
  ])
  return { key, text, head: `${Number(length)} ${checkOf(last.replace(/\n$/, ''))}` }
}

function command(...words: string[]): string {
  const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`)
  return `*${words.length}\r\n${parts.join('')}`
}
