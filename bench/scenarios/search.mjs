// A search over the logs of all nodes: the newest 100 of what is found, and what it costs others.
import { behindOf, sizesOf, untilIndexed } from '../archive.mjs'
import { send, sendMany } from '../entries.mjs'
import { stream } from '../load.mjs'
import { ALL } from '../machine.mjs'
import { hasVictoriaLogs, startVictoriaLogs } from '../peers/victoria-logs.mjs'
import { startServer, TITLES } from '../servers.mjs'
import { digits, median, percent, quartiles, table } from '../table.mjs'

export const SERVERS = ['embedded', 'postgres']
const NODES = 100
const REQUESTS = 31

/** Each as we are asked, and as VictoriaLogs is. */
const QUESTIONS = [
  ['a word in one entry', 'zebrafish', 'i(zebrafish)'],
  ['a word in every seventh', 'downloading', 'i(downloading)'],
  [
    'two words and a level',
    'checkpoint shards level:>=info -zebrafish',
    'i(checkpoint) i(shards) level:in(info,warn,error) !i(zebrafish)',
  ],
  ['a level in every thousandth', 'level:error', 'level:=error'],
  ['a phase', 'phase:health_check', 'phase:=health_check'],
  ['a prefix of three letters', 'dow*', 'i(dow*)'],
  [
    'a pattern in one node’s 10,000 entries',
    '/zebra.*fish/ node:=n0',
    '{node="n0"} ~"zebra.*fish"',
  ],
]

/** `(a+)+$` on an entry of 64 KiB. */
const HOSTILE_QUERY = `q=${encodeURIComponent('/(a+)+$/ timestamp:>=-10m')}&node=n2&limit=1`

export async function measure({ only, entries, seconds }) {
  const names = only(SERVERS)
  if (names.length === 0) return 'Not measured.'
  const parts = []
  for (const name of names) parts.push(await measureOne(name, { entries, seconds }))
  return [
    `${entries} entries of ${NODES} nodes; the newest 100 of each query, milliseconds of ${REQUESTS} requests.\n`,
    ...parts,
    ...(hasVictoriaLogs() ? await besides({ nodes: NODES, each: entries / NODES }) : []),
  ].join('\n')
}

async function measureOne(name, { entries, seconds }) {
  const server = await startServer(name, { nodes: NODES, core: ALL })
  try {
    // In the first seconds, most of what there is to compile is compiled.
    await rateOf(server, seconds)
    await sendMany(server, { nodes: NODES, each: entries / NODES })
    await recordsWritten(server)
    const behind = await behindOf(server, entries)
    const filling = await rateOf(server, seconds)
    await send(server, 'n1', [{ message: 'one zebrafish', level: 'error' }])
    await indexed(server)
    const rows = []
    for (const [title, q, , more = ''] of QUESTIONS) {
      rows.push([title, ...told(await timesOf(server, `q=${encodeURIComponent(q)}${more}`))])
    }
    rows.push(['an entry of 64 KiB, `(a+)+$`', ...(await hostile(server))])
    rows.push(['the longest delay of a stream meanwhile', '', digits(await delayBeside(server))])
    rows.push([
      'found after its acknowledgement, the longest of 50',
      '',
      digits(await found(server)),
    ])
    const { alone, searching } = await appendRates(server, seconds)
    const { all, index } = await sizesOf(server)
    return [
      `${TITLES[name]}: the archive has ${digits(all / 2 ** 20)} MiB, ${digits(index / 2 ** 20)} of them for its`,
      `indexes. Appends keep ${percent(filling.rate / alone)} of their rate while the index is ${behind}`,
      `entries behind, and ${percent(searching / alone)} while somebody searches.\n`,
      `${table([['', 'p50 ms', 'p75 ms'], ...rows])}\n`,
    ].join('\n')
  } finally {
    await server.close()
  }
}

/** The same entries and questions in VictoriaLogs. */
async function besides(entries) {
  const peer = await startVictoriaLogs(entries)
  try {
    const rows = []
    for (const [title, , query] of QUESTIONS) {
      rows.push([title, ...told(await timesOfEach(() => peer.find(query)))])
    }
    const size = digits((await peer.size()) / 2 ** 20)
    const words = `\nThe same in VictoriaLogs 1.52, which has ${size} MiB:\n`
    return [words, table([['', 'p50 ms', 'p75 ms'], ...rows])]
  } finally {
    await peer.close()
  }
}

function told(times) {
  return [digits(median(times)), digits(quartiles(times)[1])]
}

/** Entries that are taken in a second, one in a request. */
async function rateOf(server, seconds) {
  const how = { readers: 0, nodes: NODES, senders: 16, window: 16, warmup: 0.5 }
  const { sent } = await stream(server, { ...how, seconds })
  return { sent, rate: sent / (seconds + 0.5) }
}

/**
 * Appends in a second while nothing else happens, and while somebody searches: medians of some rounds, each
 * with all entries in the index. A server that has few entries yet takes more of them, so that the first
 * seconds are no measure for later ones.
 */
async function appendRates(server, seconds) {
  const [alone, searching] = [[], []]
  for (let round = 0; round < 3; round += 1) {
    await indexed(server)
    alone.push((await rateOf(server, seconds)).rate)
    await indexed(server)
    searching.push((await whileSearching(server, seconds)).rate)
  }
  return { alone: median(alone), searching: median(searching) }
}

async function whileSearching(server, seconds) {
  let isOver = false
  const searching = (async () => {
    while (!isOver) await search(server, 'q=shards')
  })()
  const result = await rateOf(server, seconds)
  isOver = true
  await searching
  return result
}

/** The nodes' records take in what was sent, too, and that is not what is measured. */
async function recordsWritten({ port, headers }) {
  const [name, value] = headers.split(': ')
  const url = `http://127.0.0.1:${port}/admin/nodes?limit=1`
  await (await fetch(url, { headers: { [name]: value } })).text()
}

function timesOf(server, query) {
  return timesOfEach(() => search(server, query))
}

async function timesOfEach(act) {
  const times = []
  for (let i = -3; i < REQUESTS; i += 1) {
    const since = performance.now()
    await act()
    if (i >= 0) times.push(performance.now() - since)
  }
  return times
}

async function hostile(server) {
  const message = `${'a'.repeat(60_000)}!`
  await send(server, 'n2', [{ message }])
  await indexed(server)
  const times = await timesOf(server, HOSTILE_QUERY)
  return told(times)
}

/** The longest way of an entry to its reader while such patterns are looked for, in milliseconds. */
async function delayBeside(server) {
  let isOver = false
  const searching = (async () => {
    while (!isOver) await search(server, HOSTILE_QUERY)
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
  await untilIndexed(server)
}
