// All readers are cut at once while entries come, and connect again with the last id they saw.
import { stream } from '../load.mjs'
import { inRounds, middle, ratio } from '../rounds.mjs'
import { TITLES } from '../servers.mjs'
import { digits, sum, table } from '../table.mjs'

export const SERVERS = ['raw', 'embedded', 'redis', 'nchan']

export async function measure(scale) {
  const { warmup, seconds } = scale
  const few = { readers: scale.readers * 2, senders: 16, rate: 20, seconds: seconds + 1 }
  const many = { readers: scale.many, senders: 4, rate: 2, seconds: seconds * 3 }
  const storms = []
  for (const [storm, names] of [
    [few, SERVERS],
    [many, SERVERS.filter((name) => name !== 'nchan')],
  ]) {
    const rounds = Math.min(2, scale.rounds)
    const results = await inRounds(scale.only(names), rounds, {}, (server) =>
      stream(server, { ...storm, warmup, storm: 0.5, drain: 10 }),
    )
    storms.push(`${tableOf(storm, results)}\n`)
  }
  return [
    'All readers of one node are cut at once and come again, 128 at a time. Each is compared with what was',
    'sent. raw keeps nothing that could be resumed: its losses are what resuming saves. The latencies count',
    'from the sending, so those of entries that wait for their reader are the time until it is back.\n',
    ...storms,
  ].join('\n')
}

function tableOf({ readers, rate }, results) {
  const figures = [...results.keys()].map((name) => [
    TITLES[name],
    digits(middle(results, name, ({ storm_ms: time }) => time)),
    digits(ratio(results, name, 'raw', ({ storm_ms: time }) => time)),
    digits(middle(results, name, ({ p99 }) => p99)),
    sum(results.get(name).map(({ lost }) => lost)),
    sum(results.get(name).map(({ duplicated }) => duplicated)),
    sum(results.get(name).map(({ disordered }) => disordered)),
  ])
  return table([
    [
      `${readers} readers, ${rate} entries/s`,
      'all back, ms',
      '× raw',
      'p99 ms of the entries meanwhile',
      'lost',
      'twice',
      'out of order',
    ],
    ...figures,
  ])
}
