// The ceiling: as many entries as the server takes, with at most 64 on their way to the slowest of
// the readers (closed loop).
import { stream } from '../load.mjs'
import { inRounds, middle, ratio } from '../rounds.mjs'
import { TITLES } from '../servers.mjs'
import { digits, sum, table } from '../table.mjs'

export const SERVERS = Object.keys(TITLES)

export async function measure(scale) {
  const results = await inRounds(scale.only(SERVERS), scale.rounds, {}, (server) =>
    sample(server, scale),
  )
  return [
    `${scale.readers} readers of one node; entries of 250 bytes as fast as all readers get them.\n`,
    table([
      ['', 'deliveries/s', '× raw', 'CPU µs per delivery', '× raw', 'client’s CPU', 'lost'],
      ...[...results.keys()].map((name) => [
        TITLES[name],
        digits(middle(results, name, rate)),
        digits(ratio(results, name, 'raw', rate)),
        digits(middle(results, name, cost)),
        digits(ratio(results, name, 'raw', cost)),
        digits(middle(results, name, (result) => result.client_cpu)),
        sum(results.get(name).map(({ lost }) => lost)),
      ]),
    ]),
  ].join('\n')
}

/** For `--against`. */
export const compared = {
  sample,
  figures: [
    { title: 'deliveries/s', of: rate, better: 'more' },
    { title: 'CPU µs per delivery', of: cost, better: 'less' },
  ],
}

function sample(server, scale) {
  return stream(server, {
    readers: scale.readers,
    senders: 16,
    window: 64,
    warmup: scale.warmup,
    seconds: scale.seconds,
    drain: 5,
  })
}

function rate(result) {
  return result.per_second
}

function cost(result) {
  return (result.cpu * 1e6) / result.per_second
}
