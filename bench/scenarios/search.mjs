// A search over the logs of all nodes: the newest 100 of what is found, and what it costs others.
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { send, sendMany } from '../entries.mjs'
import { stream } from '../load.mjs'
import { ALL } from '../machine.mjs'
import { startServer } from '../servers.mjs'
import { digits, median, percent, quartiles, table } from '../table.mjs'

export const SERVERS = ['embedded']
const NODES = 100
const REQUESTS = 31

const QUESTIONS = [
  ['a word in one entry', 'zebrafish'],
  ['a word in every seventh', 'downloading'],
  ['two words and a level', 'checkpoint shards level:>=info -zebrafish'],
  ['a level in every thousandth', 'level:error'],
  ['a phase', 'phase:health_check'],
  ['a prefix of three letters', 'dow*'],
  ['a pattern in one node’s 10,000 entries', '/zebra.*fish/', '&node=n0'],
]

/** `(a+)+$` on an entry of 64 KiB. */
const HOSTILE_QUERY = `q=${encodeURIComponent('/(a+)+$/ timestamp:>=-10m')}&node=n2&limit=1`

export async function measure({ only, entries, seconds }) {
  if (only(SERVERS).length === 0) return 'Not measured.'
  const server = await startServer('embedded', { nodes: NODES, core: ALL })
  try {
    const alone = await rateOf(server, seconds)
    await sendMany(server, { nodes: NODES, each: entries / NODES })
    const filling = await rateOf(server, seconds)
    await send(server, 'n1', [{ message: 'one zebrafish', level: 'error' }])
    await indexed(server)
    const rows = []
    for (const [title, q, more = ''] of QUESTIONS) {
      const times = await timesOf(server, `q=${encodeURIComponent(q)}${more}`)
      rows.push([title, digits(median(times)), digits(quartiles(times)[1])])
    }
    rows.push(['an entry of 64 KiB, `(a+)+$`', ...(await hostile(server))])
    rows.push(['the longest delay of a stream meanwhile', '', digits(await delayBeside(server))])
    rows.push([
      'found after its acknowledgement, the longest of 50',
      '',
      digits(await found(server)),
    ])
    const searching = await whileSearching(server, seconds)
    const size = sizeOf(server) / 2 ** 20
    return [
      `${entries} entries of ${NODES} nodes; the newest 100 of each query, milliseconds of ${REQUESTS} requests. The`,
      `archive has ${digits(size)} MiB. Appends keep ${percent(filling.rate / alone.rate)} of their rate while the index is`,
      `behind, and ${percent(searching.rate / alone.rate)} while somebody searches.\n`,
      table([['', 'p50 ms', 'p75 ms'], ...rows]),
    ].join('\n')
  } finally {
    await server.close()
  }
}

/** Entries that are taken in a second, one in a request. */
async function rateOf(server, seconds) {
  const how = { readers: 0, nodes: NODES, senders: 16, window: 16, warmup: 0.5 }
  const { sent } = await stream(server, { ...how, seconds })
  return { sent, rate: sent / (seconds + 0.5) }
}

async function whileSearching(server, seconds) {
  let isOver = false
  const searching = (async () => {
    while (!isOver) await timeOf(server, 'q=shards')
  })()
  const result = await rateOf(server, seconds)
  isOver = true
  await searching
  return result
}

function sizeOf({ folder }) {
  return statSync(join(folder, 'archive.db')).size + statSync(join(folder, 'archive.db-wal')).size
}

async function timesOf(server, query) {
  const times = []
  for (let i = 0; i < 3; i += 1) await timeOf(server, query)
  for (let i = 0; i < REQUESTS; i += 1) times.push(await timeOf(server, query))
  return times
}

async function hostile(server) {
  const message = `${'a'.repeat(60_000)}!`
  await send(server, 'n2', [{ message }])
  await indexed(server)
  const times = await timesOf(server, HOSTILE_QUERY)
  return [digits(median(times)), digits(quartiles(times)[1])]
}

/** The longest way of an entry to its reader while such patterns are looked for, in milliseconds. */
async function delayBeside(server) {
  let isOver = false
  const searching = (async () => {
    while (!isOver) await timeOf(server, HOSTILE_QUERY)
  })()
  const how = { readers: 1, senders: 1, rate: 100, warmup: 0.5, seconds: 3, drain: 5 }
  const { max } = await stream(server, how)
  isOver = true
  await searching
  return max
}

/** Milliseconds from an append's answer until a search that begins then has found it. */
async function found(server) {
  let longest = 0
  for (let i = 0; i < 50; i += 1) {
    await send(server, 'n3', [{ message: `marmoset${i}` }])
    const since = performance.now()
    const { count } = await search(server, `q=marmoset${i}`)
    if (count !== 1) throw new Error('an acknowledged entry was not found')
    longest = Math.max(longest, performance.now() - since)
  }
  return longest
}

async function timeOf(server, query) {
  const since = performance.now()
  await search(server, query)
  return performance.now() - since
}

async function search({ port, headers }, query) {
  const [name, value] = headers.split(': ')
  const answer = await fetch(`http://127.0.0.1:${port}/admin/logs?${query}`, {
    headers: { [name]: value },
  })
  if (answer.status !== 200) throw new Error(`${query} was answered with ${answer.status}`)
  return answer.json()
}

/** Resolves when the archive has all entries, and its index too: nothing is written any more. */
export async function indexed(server) {
  await search(server, 'limit=1')
  const file = join(server.folder, 'archive.db-wal')
  for (let still = 0, before = -1; still < 6; await sleep(500)) {
    const { mtimeMs } = statSync(file)
    still = mtimeMs === before ? still + 1 : 0
    before = mtimeMs
  }
}
