// Many launches at once, with a few watchers each.
import { stream } from '../load.mjs'
import { inRounds, middle, ratio } from '../rounds.mjs'
import { TITLES } from '../servers.mjs'
import { digits, percent, sum, table } from '../table.mjs'

export const SERVERS = ['raw', 'embedded', 'redis', 'nchan', 'reference']
const READERS = 10

export async function measure(scale) {
  const { nodes } = scale
  const rounds = Math.min(2, scale.rounds)
  const results = await inRounds(scale.only(SERVERS), rounds, { nodes }, (server) =>
    sample(server, scale),
  )
  return [
    `${nodes} nodes with ${READERS} readers each, ${nodes} entries/s in all.\n`,
    table([
      ['', 'p50 ms', 'p99 ms', '× raw', 'CPU', 'CPU of Redis', 'commands an entry', 'lost'],
      ...[...results.keys()].map((name) => {
        const of = (figure) => middle(results, name, figure)
        const redis = ['redis', 'reference'].includes(name)
        return [
          TITLES[name],
          digits(of(({ p50 }) => p50)),
          digits(of(({ p99 }) => p99)),
          digits(ratio(results, name, 'raw', ({ p99 }) => p99)),
          percent(of(({ cpu }) => cpu)),
          redis ? percent(of(({ redisCpu }) => redisCpu)) : '',
          redis ? digits(of(({ commands }) => commands) / nodes) : '',
          sum(results.get(name).map(({ lost }) => lost)),
        ]
      }),
    ]),
  ].join('\n')
}

/** For `--against`. */
export const compared = {
  options: ({ nodes }) => ({ nodes }),
  sample,
  figures: [
    { title: 'p50 ms', of: ({ p50 }) => p50, better: 'less' },
    { title: 'p99 ms', of: ({ p99 }) => p99, better: 'less' },
    { title: 'CPU of a core', of: ({ cpu }) => cpu, better: 'less' },
  ],
}

function sample(server, { nodes, seconds, settle: warmup }) {
  return stream(server, {
    nodes,
    readers: READERS,
    senders: 64,
    rate: nodes,
    warmup,
    seconds,
    drain: 10,
  })
}
