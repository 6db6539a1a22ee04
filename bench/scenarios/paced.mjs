// Entries at given instants, however the server does (open loop): what the latency and the overload
// scenarios have in common.
import { stream } from '../load.mjs'
import { inRounds, middle, ratio } from '../rounds.mjs'
import { TITLES } from '../servers.mjs'
import { digits, percent, sum, table } from '../table.mjs'

export async function paced(scale, servers, rate) {
  const results = await inRounds(scale.only(servers), scale.rounds, {}, (server) =>
    sample(server, scale, rate),
  )
  return [
    `${scale.readers} readers of one node, ${rate} entries/s of 250 bytes; latencies from the`,
    'instant at which an entry was to be sent to its arrival at a reader.\n',
    table([
      ['', 'p50 ms', 'p99 ms', '× raw', 'CPU of a core', 'µs per delivery', '× raw', 'lost'],
      ...[...results.keys()].map((name) => [
        TITLES[name],
        digits(middle(results, name, ({ p50 }) => p50)),
        digits(middle(results, name, ({ p99 }) => p99)),
        digits(ratio(results, name, 'raw', ({ p99 }) => p99)),
        percent(middle(results, name, ({ cpu }) => cpu)),
        digits(middle(results, name, cost)),
        digits(ratio(results, name, 'raw', cost)),
        sum(results.get(name).map(({ lost }) => lost)),
      ]),
    ]),
  ].join('\n')
}

/** For `--against`. */
export function comparedAt(rate) {
  return {
    sample: (server, scale) => sample(server, scale, rate),
    figures: [
      { title: 'p50 ms', of: ({ p50 }) => p50, better: 'less' },
      { title: 'p99 ms', of: ({ p99 }) => p99, better: 'less' },
      { title: 'CPU µs per delivery', of: cost, better: 'less' },
    ],
  }
}

function sample(server, scale, rate) {
  return stream(server, {
    readers: scale.readers,
    senders: 16,
    rate,
    warmup: scale.warmup,
    seconds: scale.seconds * 1.5,
    drain: 10,
  })
}

function cost(result) {
  return (result.cpu * 1e6) / result.per_second
}
