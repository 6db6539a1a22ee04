// A reader comes late and wants everything: from asking to the last entry.
import { backlog, fill } from '../load.mjs'
import { inRounds } from '../rounds.mjs'
import { TITLES } from '../servers.mjs'
import { digits, table } from '../table.mjs'

export const SERVERS = ['embedded', 'redis', 'nchan', 'reference']

export async function measure(scale) {
  const { backlogRounds: rounds } = scale
  const results = await inRounds(scale.only(SERVERS), 1, {}, async (server) => {
    await fill(server, 100)
    const short = await backlog(server, { readers: 1, expect: 100, rounds })
    await fill(server, 4900, 100)
    const long = await backlog(server, { readers: 1, expect: 5000, rounds })
    const fifty = await backlog(server, { readers: 50, expect: 5000, rounds: 3 })
    return { short, long, fifty }
  })
  const whole = ({ rounds: complete, whole_p50: time }) =>
    complete > 0 ? digits(time) : 'incomplete'
  return [
    `From asking for a stream to the last kept entry, ms: median of ${rounds} readers one after the`,
    'other; of 50 at once (3 times) until the last of them has all.\n',
    table([
      ['', '100 entries', '5,000 entries', '50 readers × 5,000'],
      ...[...results].map(([name, [{ short, long, fifty }]]) => [
        TITLES[name],
        whole(short),
        whole(long),
        whole(fifty),
      ]),
    ]),
  ].join('\n')
}
