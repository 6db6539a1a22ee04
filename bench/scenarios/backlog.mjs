// A reader comes late and wants everything: from asking to the first and the last entry.
import { setTimeout as sleep } from 'node:timers/promises'
import { backlog, fill } from '../load.mjs'
import { inRounds } from '../rounds.mjs'
import { TITLES } from '../servers.mjs'
import { digits, table } from '../table.mjs'

export const SERVERS = ['embedded', 'redis', 'nchan', 'reference']

export async function measure(scale) {
  const { backlogRounds: rounds } = scale
  const results = await inRounds(scale.only(SERVERS), 1, {}, (server) => sample(server, scale))
  const whole = ({ rounds: complete, whole_p50: time }) =>
    complete > 0 ? digits(time) : 'incomplete'
  const first = ({ first_p50: time }) => digits(time)
  return [
    `From asking for a stream to the last kept entry, ms: median of ${rounds} readers one after the`,
    'other; of 50 at once (3 times) until the last of them has all. Watched: somebody else has',
    'the same stream open all the while.\n',
    table([
      [
        '',
        '100 entries',
        '5,000 entries',
        'the first of them',
        'watched: 5,000',
        'the first of them',
        'watched: 50 readers × 5,000',
      ],
      ...[...results].map(([name, [{ short, cold, long, fifty }]]) => [
        TITLES[name],
        whole(short),
        whole(cold),
        first(cold),
        whole(long),
        first(long),
        whole(fifty),
      ]),
    ]),
  ].join('\n')
}

/** For `--against`. */
export const compared = {
  sample,
  figures: [
    { title: '100 entries, ms', of: ({ short }) => short.whole_p50, better: 'less' },
    { title: '5,000 entries, ms', of: ({ cold }) => cold.whole_p50, better: 'less' },
    { title: 'watched: 5,000, ms', of: ({ long }) => long.whole_p50, better: 'less' },
    { title: 'watched: 50 × 5,000, ms', of: ({ fifty }) => fifty.whole_p50, better: 'less' },
  ],
}

async function sample(server, { backlogRounds: rounds }) {
  await fill(server, 100)
  const short = await backlog(server, { readers: 1, expect: 100, rounds })
  await fill(server, 4900, 100)
  const cold = await backlog(server, { readers: 1, expect: 5000, rounds })
  const watcher = await watch(server)
  const long = await backlog(server, { readers: 1, expect: 5000, rounds })
  const fifty = await backlog(server, { readers: 50, expect: 5000, rounds: 3 })
  watcher.abort()
  return { short, cold, long, fifty }
}

/** Opens the stream as one more reader, that has had all of it. */
async function watch(server) {
  const away = new AbortController()
  const headers = Object.fromEntries(
    server.headers
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split(': ')),
  )
  const url = `http://127.0.0.1:${server.port}${server.backlog.replace('%d', '0')}`
  const { body } = await fetch(url, { headers, signal: away.signal })
  // It is read on, for one who does not read is a burden of another kind.
  body.pipeTo(new WritableStream(), { signal: away.signal }).catch(() => {})
  await sleep(500)
  return away
}
