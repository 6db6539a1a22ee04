// Half of the readers stop reading: what the others lose by it, and what it costs the server.
import { stream } from '../load.mjs'
import { inRounds, middle } from '../rounds.mjs'
import { TITLES } from '../servers.mjs'
import { digits, median, percent, sum, table } from '../table.mjs'

export const SERVERS = ['raw', 'embedded', 'redis', 'nchan']
const READERS = 100
const STALLED = 50
/** Seconds until the sockets of those that do not read are full: the kernel takes some MB for each. */
const FILLING = 5

export async function measure(scale) {
  const rounds = Math.min(2, scale.rounds)
  const seconds = Math.min(2, scale.seconds)
  const warmup = rounds > 1 ? FILLING : scale.warmup
  const shared = { senders: 16, window: 64, warmup, seconds, drain: 20 }
  const all = await run({ readers: READERS })
  const half = await run({ readers: READERS, stalled: STALLED })
  const alone = await run({ readers: READERS - STALLED })
  return [
    `Entries/s to each of ${READERS} readers, as fast as they take them (closed loop); then`,
    `${STALLED} of them do not read: what each of the others gets once the sockets of those are full,`,
    `beside what it got before, and beside what ${READERS - STALLED} get that are alone. After that the`,
    'stalled ones wake, and read what they missed.\n',
    table([
      ['', 'all read', 'half do', 'keeps', 'of alone', 'MiB a stalled reader', 'lost in the end'],
      ...[...alone.keys()].map((name) => [
        TITLES[name],
        digits(middle(all, name, rate)),
        digits(middle(half, name, rate)),
        percent(kept(name, all)),
        percent(kept(name, alone)),
        digits(Math.max(0, middle(half, name, rss) - middle(all, name, rss)) / STALLED / 1024),
        sum(half.get(name).map(({ lost }) => lost)),
      ]),
    ]),
  ].join('\n')

  function run(readers) {
    return inRounds(scale.only(SERVERS), rounds, {}, async (server) => {
      const result = await stream(server, { ...shared, ...readers })
      return { ...result, reading: readers.readers - (readers.stalled ?? 0) }
    })
  }

  function kept(name, base) {
    const shares = half.get(name).map((result, round) => rate(result) / rate(base.get(name)[round]))
    return median(shares)
  }
}

/** Entries a second to each reader that reads. */
function rate({ per_second: deliveries, reading }) {
  return deliveries / reading
}

function rss(result) {
  return result.rss
}
