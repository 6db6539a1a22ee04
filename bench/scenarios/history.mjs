// The JSON endpoint: what `tail=100` costs on a short and on a long list, and beside a busy node.
import { fill, request, stream } from '../load.mjs'
import { inRounds } from '../rounds.mjs'
import { TITLES } from '../servers.mjs'
import { digits, table } from '../table.mjs'

export const SERVERS = ['embedded', 'redis', 'reference']
const BUSY = 10

export async function measure(scale) {
  return `${await lengths(scale)}\n\n${await besideFanout(scale)}`
}

/** For `--against`. */
export const compared = {
  sample,
  figures: [
    { title: 'requests/s, 100 entries', of: ({ short }) => short.per_second, better: 'more' },
    { title: 'requests/s, 5,000 entries', of: ({ long }) => long.per_second, better: 'more' },
  ],
}

async function sample(server, scale) {
  const ask = () =>
    request(server, {
      path: server.history,
      senders: 8,
      warmup: scale.settle,
      seconds: scale.seconds,
    })
  await fill(server, 100)
  const short = await ask()
  await fill(server, 4900, 100)
  return { short, long: await ask() }
}

async function lengths(scale) {
  const results = await inRounds(scale.only(SERVERS), 1, {}, (server) => sample(server, scale))
  const reference = results.get('reference')?.[0].long.per_second
  return [
    '`tail=100` by 8 connections at once, requests/s.\n',
    table([
      ['', '100 entries kept', '5,000 entries kept', '× reference'],
      ...[...results].map(([name, [{ short, long }]]) => [
        TITLES[name],
        digits(short.per_second),
        digits(long.per_second),
        digits(long.per_second / reference),
      ]),
    ]),
  ].join('\n')
}

async function besideFanout(scale) {
  const names = scale.only(['embedded', 'redis'])
  const results = await inRounds(names, 1, { nodes: 2 }, async (server) => {
    const { seconds, many: readers } = scale
    const busy = stream(server, {
      readers,
      senders: 4,
      rate: BUSY,
      warmup: 1,
      seconds: seconds + 2,
      drain: 10,
    })
    const path = server.history.replace('%d', '1')
    // Open all the while, so that connecting readers are among what it stands beside.
    const asked = await request(server, { path, senders: 8, rate: 50, seconds: seconds + 2 })
    return { asked, busy: await busy }
  })
  return [
    `The same for another node, 50 requests/s, beside ${scale.many} readers of one node that gets`,
    `${BUSY} entries/s: while the readers connect, and then.\n`,
    table([
      ['', 'p50 ms', 'p99 ms', 'max ms', 'deliveries/s', 'lost'],
      ...[...results].map(([name, [{ asked, busy }]]) => [
        TITLES[name],
        digits(asked.p50),
        digits(asked.p99),
        digits(asked.max),
        digits(busy.per_second),
        busy.lost,
      ]),
    ]),
  ].join('\n')
}
