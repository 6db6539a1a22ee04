// All readers are cut at once while entries come, and connect again with the last id they saw.
import { stream } from '../load.mjs'
import { inRounds, middle } from '../rounds.mjs'
import { TITLES } from '../servers.mjs'
import { digits, sum, table } from '../table.mjs'

export const SERVERS = ['raw', 'embedded', 'redis', 'nchan']

export async function measure(scale) {
  const readers = scale.readers * 2
  const rounds = Math.min(2, scale.rounds)
  const results = await inRounds(scale.only(SERVERS), rounds, {}, (server) =>
    stream(server, {
      readers,
      senders: 16,
      rate: 20,
      warmup: scale.warmup,
      seconds: scale.seconds + 1,
      storm: 0.5,
      drain: 10,
    }),
  )
  return [
    `${readers} readers of one node at 20 entries/s are cut at once and come again, 128 at a time.`,
    'raw keeps nothing that could be resumed: its losses are what resuming saves.\n',
    table([
      ['', 'all back, ms', 'p99 ms of the entries meanwhile', 'lost', 'twice', 'out of order'],
      ...[...results.keys()].map((name) => [
        TITLES[name],
        digits(middle(results, name, ({ storm_ms: time }) => time)),
        digits(middle(results, name, ({ p99 }) => p99)),
        sum(results.get(name).map(({ lost }) => lost)),
        sum(results.get(name).map(({ duplicated }) => duplicated)),
        sum(results.get(name).map(({ disordered }) => disordered)),
      ]),
    ]),
  ].join('\n')
}
