// Streams on which nothing happens: what they hold, and what they cost.
import { stream } from '../load.mjs'
import { residentKiB } from '../machine.mjs'
import { inRounds } from '../rounds.mjs'
import { TITLES } from '../servers.mjs'
import { digits, percent, table } from '../table.mjs'

export const SERVERS = ['raw', 'embedded', 'redis', 'nchan', 'reference']
const FEW = 100

export async function measure(scale) {
  const results = await inRounds(scale.only(SERVERS), 1, {}, (server) => sample(server, scale))
  return [
    `Streams that are open and get nothing for ${scale.seconds} s.\n`,
    table([
      [
        '',
        'streams',
        'RSS before, MiB',
        'KiB a stream',
        'CPU of a core',
        `Redis commands/s with ${FEW}`,
        'with all',
      ],
      ...[...results].map(([name, [{ base, few, many }]]) => [
        TITLES[name],
        many.ready,
        digits(base / 1024),
        digits(perStream({ base, many })),
        percent(many.cpu),
        few ? digits(few.commands) : '',
        few ? digits(many.commands) : '',
      ]),
    ]),
  ].join('\n')
}

/** For `--against`. */
export const compared = {
  sample,
  figures: [
    { title: 'RSS before, MiB', of: ({ base }) => base / 1024, better: 'less' },
    { title: 'KiB a stream', of: perStream, better: 'less' },
  ],
}

async function sample(server, scale) {
  const hold = (readers) =>
    stream(server, { readers, senders: 0, warmup: 1, seconds: scale.seconds })
  const few = server.redis ? await hold(FEW) : undefined
  const base = residentKiB([server.pid])
  // The reference would saturate a core with 10,000 readers, and Redis another.
  const many = await hold(server.name === 'reference' ? scale.many / 10 : scale.many)
  return { base, few, many }
}

function perStream({ base, many }) {
  return (many.rss - base) / many.ready
}
