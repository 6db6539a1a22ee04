// System calls for each delivery: a figure that does not depend on the machine.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { start } from '../children.mjs'
import { stream } from '../load.mjs'
import { inRounds } from '../rounds.mjs'
import { TITLES } from '../servers.mjs'
import { digits, table } from '../table.mjs'

export const SERVERS = ['raw', 'embedded', 'redis', 'nchan']
const RATE = 20
/** Seconds until all readers are there and entries come, and for which the calls are counted. */
const BEFORE = 4
const TRACED = 3

export async function measure(scale) {
  const results = await inRounds(scale.only(SERVERS), 1, {}, (server) => sample(server, scale))
  return [
    `${scale.readers} readers of one node, ${RATE} entries/s: what \`strace -f -c\` counts in ${TRACED} s, for each`,
    'delivery.\n',
    table([
      ['', 'calls', 'of them writes', 'the others that are most frequent'],
      ...[...results].map(([name, [{ calls, deliveries }]]) => {
        const each = (count) => digits(count / deliveries)
        const others = [...calls].filter(([call]) => !/^writev?$/.test(call)).slice(0, 3)
        return [
          TITLES[name],
          each(sumOf(calls)),
          each(sumOf(calls.filter(([call]) => /^writev?$/.test(call)))),
          others.map(([call, count]) => `${call} ${each(count)}`).join(', '),
        ]
      }),
    ]),
  ].join('\n')
}

async function sample(server, { readers }) {
  const folder = mkdtempSync(join(tmpdir(), 'launchtail-bench-'))
  try {
    const file = join(folder, 'calls.txt')
    const seconds = BEFORE + TRACED + 1
    const load = stream(server, { readers, senders: 1, rate: RATE, warmup: 0, seconds, drain: 10 })
    await sleep(BEFORE * 1000)
    const tracer = start(['strace', '-f', '-c', '-o', file, '-p', String(server.pid)])
    await sleep(TRACED * 1000)
    await tracer.end('SIGINT')
    await load
    return { calls: readCalls(readFileSync(file, 'utf8')), deliveries: readers * RATE * TRACED }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The rows of strace's table, the most frequent first: `[call, count]`. */
function readCalls(text) {
  return text
    .split('\n')
    .map((line) => /^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$/.exec(line))
    .filter((match) => match && match[2] !== 'total')
    .map(([, count, call]) => [call, Number(count)])
    .sort((one, other) => other[1] - one[1])
}

function sumOf(calls) {
  return calls.reduce((sum, [, count]) => sum + count, 0)
}
