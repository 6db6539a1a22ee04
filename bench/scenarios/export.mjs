// All logs as a file: how fast it is made, and the memory that takes.
import { get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { sendMany } from '../entries.mjs'
import { ALL, residentKiB } from '../machine.mjs'
import { startServer } from '../servers.mjs'
import { digits, median, table } from '../table.mjs'
import { indexed } from './search.mjs'

export const SERVERS = ['embedded']
const KINDS = [
  ['NDJSON', 'format=ndjson', {}],
  ['CSV', 'format=csv', {}],
  ['NDJSON, gzip', 'format=ndjson', { 'Accept-Encoding': 'gzip' }],
  ['NDJSON, a query that finds a tenth', 'format=ndjson&q=progress:*', {}],
]

export async function measure({ only, rounds, entries }) {
  if (only(SERVERS).length === 0) return 'Not measured.'
  const nodes = 100
  const server = await startServer('embedded', { nodes, core: ALL })
  try {
    await sendMany(server, { nodes, each: entries / nodes })
    await indexed(server)
    const rows = []
    for (const [title, query, headers] of KINDS) {
      const before = await restingKiB(server)
      const runs = []
      for (let round = 0; round < rounds; round += 1) runs.push(await read(server, query, headers))
      const most = Math.max(...runs.map(({ most }) => most))
      rows.push([
        title,
        digits(median(runs.map(({ count, seconds }) => count / seconds))),
        digits(median(runs.map(({ bytes, seconds }) => bytes / seconds / 1e6))),
        digits((most - before) / 1024),
      ])
    }
    return [
      `${entries} entries of ${nodes} nodes, all of them indexed; medians of ${rounds} rounds. Memory is the most there`,
      'was during any round, beside that before the first, after a collection.\n',
      table([['', 'entries/s', 'MB/s as they arrive', 'MiB more'], ...rows]),
    ].join('\n')
  } finally {
    await server.close()
  }
}

async function restingKiB(server) {
  server.collect?.()
  await sleep(1000)
  return residentKiB([server.pid])
}

/** Reads a whole export. The server's memory is looked at every 50 ms. */
async function read({ port, headers: token, pid }, query, headers) {
  const [name, value] = token.split(': ')
  let most = 0
  let isOver = false
  const watching = (async () => {
    for (; !isOver; await sleep(50)) most = Math.max(most, residentKiB([pid]))
  })()
  const since = performance.now()
  try {
    const { count, bytes } = await new Promise((resolve, reject) => {
      const path = `/admin/logs/export?${query}`
      get({ host: '127.0.0.1', port, path, headers: { ...headers, [name]: value } }, (answer) => {
        let bytes = 0
        answer.on('data', (piece) => {
          bytes += piece.length
        })
        answer.on('error', reject)
        answer.on('end', () => resolve({ count: Number(answer.trailers['log-count']), bytes }))
      }).on('error', reject)
    })
    return { count, bytes, seconds: (performance.now() - since) / 1000, most }
  } finally {
    isOver = true
    await watching
  }
}
