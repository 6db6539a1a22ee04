// Runs the load client and looks at /proc while it measures.
import { fileURLToPath } from 'node:url'
import { start } from './children.mjs'
import { cpuSeconds, LOAD, on, residentKiB } from './machine.mjs'
import { commandsOf } from './redis.mjs'

export const LOAD_PROGRAM = fileURLToPath(new URL('./.cache/load', import.meta.url))

/** No measurement takes so long, in milliseconds: the server hangs. */
const LIMIT = 120_000

/** Readers and senders at once; see load/load.h for the options. */
export function stream(server, options) {
  const sending = server.sendsToRedis ? { redis: server.redis.port } : {}
  const { stream: path, send } = server
  return run('stream', server, { path, send, ...sending, ...options })
}

export function backlog(server, options) {
  return run('backlog', server, { path: server.backlog, ...options })
}

export function request(server, options) {
  return run('request', server, options)
}

/** Puts entries into a node's log, as fast as they are taken; there are `first` in it already. */
export async function fill(server, count, first = 0) {
  const how = { readers: 0, senders: 16, window: 16, seconds: 60 }
  const result = await stream(server, { ...how, count, first })
  if (result.send_failures > 0) throw new Error('not all entries were taken')
}

/**
 * The load client's result, with what the server had meanwhile: `cpu` (of a core), `rss` (KiB), and
 * where there is a Redis `redisCpu` and `commands` (a second).
 */
async function run(mode, server, options) {
  const words = Object.entries({ port: server.port, headers: server.headers, ...options })
  let result
  let last
  const marks = {}
  const client = start(
    on(LOAD, [LOAD_PROGRAM, mode, ...words.flatMap(([name, value]) => [`--${name}`, `${value}`])]),
    {
      limit: LIMIT,
      line(text) {
        const told = JSON.parse(text)
        if (told.phase === 'done') result = told
        else if (told.phase === 'warming') server.collect?.()
        else {
          marks[told.phase] = look(server)
          last = commands(server).then((count) => {
            marks[told.phase].commands = count
          })
        }
      },
    },
  )
  const code = await client.left
  await last
  if (code !== 0 || !result) throw new Error(`the load client failed on ${server.name}`)
  return { ...result, ...difference(marks) }
}

function look({ pid, pids = () => [pid], redis }) {
  return {
    at: performance.now() / 1000,
    cpu: cpuSeconds(pids()),
    rss: residentKiB(pids()),
    redisCpu: redis ? cpuSeconds([redis.pid]) : 0,
  }
}

async function commands({ redis }) {
  return redis ? commandsOf(redis) : 0
}

function difference({ measuring, measured }) {
  if (!measuring || !measured) return {}
  const seconds = measured.at - measuring.at
  return {
    cpu: (measured.cpu - measuring.cpu) / seconds,
    redisCpu: (measured.redisCpu - measuring.redisCpu) / seconds,
    commands: (measured.commands - measuring.commands) / seconds,
    rss: measured.rss,
    rssBefore: measuring.rss,
  }
}
