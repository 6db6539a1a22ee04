// A server that starts, and then waits for its first reader: how long until it listens, and the
// memory it takes.
import { setTimeout as sleep } from 'node:timers/promises'
import { ALL, cpuSeconds, residentKiB } from '../machine.mjs'
import { inRounds, middle } from '../rounds.mjs'
import { TITLES } from '../servers.mjs'
import { digits, table } from '../table.mjs'

export const SERVERS = ['embedded', 'redis']
/** Seconds until the collector has had its way. */
const SETTLED = 3
/** As its users start it: with all cores, and nothing in its data folder. */
const OPTIONS = { core: ALL, nodes: 0, plain: true }

export async function measure(scale) {
  const rounds = scale.rounds > 1 ? 10 : 1
  const results = await inRounds(scale.only(SERVERS), rounds, OPTIONS, sample)
  return [
    `From its start until the server listens, and its memory ${SETTLED} s later; medians of ${rounds} rounds.\n`,
    table([
      ['', 'ms', 'CPU ms', 'RSS MiB'],
      ...[...results.keys()].map((name) => [
        TITLES[name],
        ...compared.figures.map(({ of }) => digits(middle(results, name, of))),
      ]),
    ]),
  ].join('\n')
}

/** For `--against`. */
export const compared = {
  options: () => OPTIONS,
  sample,
  figures: [
    { title: 'ms until it listens', of: ({ ms }) => ms, better: 'less' },
    { title: 'CPU ms until then', of: ({ cpu }) => cpu * 1000, better: 'less' },
    { title: 'RSS MiB', of: ({ rss }) => rss / 1024, better: 'less' },
  ],
}

async function sample({ pid, startedIn: ms }) {
  const cpu = cpuSeconds([pid])
  await sleep(SETTLED * 1000)
  return { ms, cpu, rss: residentKiB([pid]) }
}
