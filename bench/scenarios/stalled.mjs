// Half of the readers stop reading: what the others lose by it, and what it costs the server.
import { stream } from '../load.mjs'
import { inRounds, middle } from '../rounds.mjs'
import { TITLES } from '../servers.mjs'
import { digits, percent, sum, table } from '../table.mjs'

export const SERVERS = ['raw', 'embedded', 'redis', 'nchan']
const READING = 50

export async function measure(scale) {
  const rounds = Math.min(2, scale.rounds)
  const shared = { senders: 16, window: 64, warmup: scale.warmup, seconds: scale.seconds }
  const alone = await inRounds(scale.only(SERVERS), rounds, {}, (server) =>
    stream(server, { ...shared, readers: READING, drain: 10 }),
  )
  const beside = await inRounds([...alone.keys()], rounds, {}, (server) =>
    stream(server, { ...shared, readers: 2 * READING, stalled: READING, drain: 20 }),
  )
  const rate = ({ per_second: perSecond }) => perSecond
  const grown = ({ rss, rssBefore }) => rss - rssBefore
  const memory = (name) =>
    Math.max(0, middle(beside, name, grown) - middle(alone, name, grown)) / READING / 1024
  return [
    `${READING} readers get entries as fast as they take them (closed loop), and then with`,
    `${READING} more beside them that stop reading; after ${scale.seconds} s these wake and read on.\n`,
    table([
      ['', 'deliveries/s', 'with stalled ones', 'keeps', 'MiB a stalled reader', 'lost in the end'],
      ...[...beside.keys()].map((name) => [
        TITLES[name],
        digits(middle(alone, name, rate)),
        digits(middle(beside, name, rate)),
        percent(middle(beside, name, rate) / middle(alone, name, rate)),
        digits(memory(name)),
        sum(beside.get(name).map(({ lost }) => lost)),
      ]),
    ]),
  ].join('\n')
}
