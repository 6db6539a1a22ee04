// The stream of many nodes: each reader gets the entries of all of them, each with an id that names all.
import { stream } from '../load.mjs'
import { residentKiB } from '../machine.mjs'
import { inRounds, middle } from '../rounds.mjs'
import { TITLES } from '../servers.mjs'
import { digits, percent, sum, table } from '../table.mjs'

export const SERVERS = ['embedded', 'redis']

export async function measure(scale) {
  const { nodes, readers, rate } = scale.merged
  const rounds = Math.min(2, scale.rounds)
  const results = await inRounds(scale.only(SERVERS), rounds, { nodes }, (server) =>
    sample(server, scale),
  )
  return [
    `${readers} readers of all of ${nodes} nodes, ${rate} entries/s of 250 bytes in all; latencies from the`,
    'instant at which an entry was to be sent. Memory is that of the server when the readers have got all,',
    'beside that with one reader, which has got more than is kept in memory.\n',
    table([
      ['', 'deliveries/s', 'p50 ms', 'p99 ms', 'CPU of a core', 'MiB more', 'lost'],
      ...[...results.keys()].map((name) => {
        const of = (figure) => middle(results, name, figure)
        return [
          TITLES[name],
          digits(of(({ per_second }) => per_second)),
          digits(of(({ p50 }) => p50)),
          digits(of(({ p99 }) => p99)),
          percent(of(({ cpu }) => cpu)),
          digits(of(({ grown }) => grown)),
          sum(results.get(name).map(({ lost }) => lost)),
        ]
      }),
    ]),
  ].join('\n')
}

async function sample(
  server,
  { merged: { nodes, readers, rate, count }, seconds, settle: warmup },
) {
  const asked = { ...server, stream: '/admin/logs/stream?tail=0' }
  const how = { merged: 1, nodes, senders: 64, rate, drain: 10 }
  // One reader first, until the entries that are kept in memory have taken what they may.
  const filling = { ...how, rate: rate * 5, readers: 1, count, warmup: 0.1, seconds: 60 }
  const { sent } = await stream(asked, filling)
  const before = residentKiB([server.pid])
  const first = Math.ceil(sent / nodes) + 1
  const result = await stream(asked, { ...how, first, readers, warmup, seconds: seconds * 2 })
  return { ...result, grown: (residentKiB([server.pid]) - before) / 1024 }
}
