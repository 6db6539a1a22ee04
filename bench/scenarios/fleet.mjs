// A hundred thousand nodes: what a page of them costs, and what a start with them.
import { ALL } from '../machine.mjs'
import { startServer } from '../servers.mjs'
import { digits, median, table } from '../table.mjs'

export const SERVERS = ['embedded']
const REQUESTS = 21
const STARTS = 3

const QUESTIONS = [
  ['a page of 100 nodes', () => '/admin/nodes?limit=100'],
  ['a page of 100, by phase', () => '/admin/nodes?limit=100&phase=queued'],
  ['a phase that none is in', () => '/admin/nodes?limit=100&phase=failed'],
  ['one node', (i, count) => `/admin/nodes/n${(i * 7919) % count}`],
]

export async function measure({ only, fleet: count }) {
  if (only(SERVERS).length === 0) return 'Not measured.'
  const server = await startServer('embedded', { nodes: count, core: ALL })
  try {
    const rows = []
    for (const [title, path] of QUESTIONS) {
      const times = []
      for (let i = 0; i < REQUESTS; i += 1) times.push(await timeOf(server, path(i, count)))
      rows.push([title, digits(median(times))])
    }
    const starts = []
    for (let i = 0; i < STARTS; i += 1) starts.push((await server.again()).startedIn)
    rows.push(['from its start until it listens', digits(median(starts))])
    return [
      `${count} nodes that are being launched; medians of ${REQUESTS} requests, one after the other, and of`,
      `${STARTS} starts.\n`,
      table([['', 'ms'], ...rows]),
    ].join('\n')
  } finally {
    await server.close()
  }
}

/** Milliseconds until the whole answer has come. */
async function timeOf({ port, headers }, path) {
  const [name, value] = headers.split(': ')
  const since = performance.now()
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { [name]: value } })
  if (response.status !== 200) throw new Error(`${path} was answered with ${response.status}`)
  await response.arrayBuffer()
  return performance.now() - since
}
