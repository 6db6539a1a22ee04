// The clients that follow a log: whether they keep up with a fast one, and the memory it takes them.
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { start } from '../children.mjs'
import { LOAD, on } from '../machine.mjs'
import { startServer } from '../servers.mjs'
import { digits, table } from '../table.mjs'

const PROGRAM = fileURLToPath(new URL('../../packages/server/dist/launchtail.js', import.meta.url))
const PYTHON_FOLDER = fileURLToPath(new URL('../../clients/python', import.meta.url))
const PYTHON = `
from launchtail import Client, Log
for event in Client().stream("n0", tail=0):
    if isinstance(event, Log):
        print(event.message, flush=True)
`
const logs = (output) => [process.execPath, PROGRAM, 'logs', '-f', '--tail', '0', '-o', output]
const CLIENTS = [
  { title: '`launchtail logs -f`', command: [...logs('pretty'), 'n0'], rate: 20_000 },
  { title: '`launchtail logs -f -o json`', command: [...logs('json'), 'n0'], rate: 20_000 },
  { title: 'Python', command: ['python3', '-B', '-c', PYTHON], rate: 5000 },
]
/** Requests a second: each brings a part of what is to come in that time. */
const BATCHES = 20

export async function measure({ rounds }) {
  const seconds = rounds > 1 ? 5 : 0.5
  const rows = []
  for (const client of CLIENTS) rows.push(await follow(client, seconds))
  return [
    `Entries of 100 bytes, sent ${BATCHES} times a second; the lag is from the sending of a request to the`,
    'arrival of its last line in what reads the client’s output.\n',
    table([
      ['', 'entries/s', 'entries', 'missing', 'p50 lag ms', 'max lag ms', 'memory MB at most'],
      ...rows,
    ]),
  ].join('\n')
}

async function follow({ title, command, rate }, seconds) {
  const server = await startServer('embedded')
  const count = rate * seconds
  const batch = rate / BATCHES
  const sentAt = []
  const lags = []
  let shown = 0
  const client = start(on(LOAD, command), {
    env: {
      LAUNCHTAIL_URL: `http://127.0.0.1:${server.port}`,
      LAUNCHTAIL_ADMIN_TOKEN: server.headers.replace('X-Admin-Token: ', ''),
      PYTHONPATH: PYTHON_FOLDER,
    },
    line(text) {
      const number = /entry (\d+) of/.exec(text)?.[1]
      if (number === undefined) return
      shown += 1
      const nth = (Number(number) + 1) / batch
      if (Number.isInteger(nth)) lags.push(performance.now() - sentAt[nth - 1])
    },
  })
  try {
    await following(server)
    const begun = performance.now()
    for (let n = 0; n < seconds * BATCHES; n += 1) {
      await sleep(Math.max(0, begun + (n * 1000) / BATCHES - performance.now()))
      sentAt.push(performance.now())
      await send(server, n * batch, batch)
    }
    for (let tries = 0; shown < count && tries < 200; tries += 1) await sleep(50)
    lags.sort((a, b) => a - b)
    const [median, max] = [lags[Math.floor(lags.length / 2)], lags.at(-1)]
    const memory = peakKiB(client.pid) / 1024
    return [title, rate, count, count - shown, digits(median), digits(max), digits(memory)]
  } finally {
    await client.end()
    await server.close()
  }
}

/** Waits until the server has its reader. */
async function following({ port }) {
  for (let tries = 0; tries < 400; tries += 1) {
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    if (/^launchtail_streams [1-9]/m.test(metrics)) return
    await sleep(50)
  }
  throw new Error('the client did not open its stream')
}

async function send({ port, headers }, from, count) {
  const entries = Array.from({ length: count }, (_, n) => ({
    message: `entry ${from + n} of what a node says while it is launched, padded to a hundred bytes`,
  }))
  const [name, value] = headers.split(': ')
  const response = await fetch(`http://127.0.0.1:${port}/admin/nodes/n0/logs`, {
    method: 'POST',
    headers: { [name]: value, 'Content-Type': 'application/json' },
    body: JSON.stringify(entries),
  })
  if (response.status !== 202) throw new Error(`entries were answered with ${response.status}`)
  await response.arrayBuffer()
}

function peakKiB(pid) {
  return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1])
}
