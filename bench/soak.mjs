// Readers that come, stall, are cut and leave at random, and entries throughout: what the server
// holds after the first minute it must hold at the end, and nothing when all have gone.
//
//   node bench/soak.mjs                   ten minutes on the embedded store
//   node bench/soak.mjs redis 60          a minute on Redis
//
// Ends with 1 where memory grew, an entry was missed or came twice, or something was left over.
import { readdirSync } from 'node:fs'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { residentKiB } from './machine.mjs'
import { startServer } from './servers.mjs'
import { digits, median, table } from './table.mjs'

const [name = 'embedded', length = '600'] = process.argv.slice(2)
const seconds = Number(length)
const NODES = 5
const READERS = 300
/** Entries a second in all, in as many requests as there are nodes and tenths of a second. */
const RATE = 500
/** RSS may move by so much: the garbage collector has a rhythm of its own. */
const TOLERANCE = 0.15

/** With gigabytes to spare the collector lets garbage lie, which would look like growth. */
const env = { NODE_OPTIONS: '--max-old-space-size=160' }
const server = await startServer(name, { nodes: NODES, env })
const token = server.headers.replace('X-Admin-Token: ', '')
const sent = Array.from({ length: NODES }, () => 0)
const counts = { connections: 0, events: 0, missed: 0, twice: 0 }
const samples = []
let over = false

const begun = performance.now()
const past = () => (performance.now() - begun) / 1000
const writing = write()
const reading = Promise.all(Array.from({ length: READERS }, (_, i) => live(i % NODES)))
let idle
while (past() < seconds) {
  await sleep(Math.min(5000, seconds * 20))
  samples.push({ at: past(), rss: residentKiB([server.pid]) / 1024, files: files() })
}
over = true
await Promise.all([writing, reading])
// Who has gone without a word is found out within 30 s.
for (let tries = 0; tries < 40 && (await streams()) > 0; tries += 1) await sleep(1000)
await sleep(1000)
idle = { rss: residentKiB([server.pid]) / 1024, files: files(), streams: await streams() }
const subscriptions = server.redis ? await subscribed() : 0
await server.close()
report()

/** One reader after the other in the same seat, each resuming where the one before was. */
async function live(node) {
  let cursor = { id: '', next: undefined }
  while (!over) {
    cursor = await readOnce(node, cursor)
    await sleep(Math.random() * 500)
  }
}

function readOnce(node, { id, next }) {
  counts.connections += 1
  return new Promise((resolve) => {
    const socket = connect(server.port, '127.0.0.1')
    let rest = ''
    let ended = false
    socket.setEncoding('utf8')
    socket.on('data', (piece) => {
      const lines = (rest + piece).split('\n')
      rest = lines.pop()
      for (const line of lines) take(line)
    })
    socket.on('close', finish).on('error', finish)
    const resume = id === '' ? '' : `Last-Event-ID: ${id}\r\n`
    socket.write(
      `GET /admin/nodes/n${node}/logs/stream?tail=0 HTTP/1.0\r\nHost: localhost\r\nX-Admin-Token: ${token}\r\n${resume}\r\n`,
    )
    const timers = [setTimeout(leave, 200 + Math.random() * 15_000)]
    if (Math.random() < 0.3) {
      timers.push(setTimeout(() => socket.pause(), Math.random() * 3000))
      timers.push(setTimeout(() => socket.resume(), 3000 + Math.random() * 6000))
    }

    function take(line) {
      const number = /^data: .*"message":"(\d+) /.exec(line)?.[1]
      if (number !== undefined) {
        const at = Number(number)
        counts.events += 1
        if (next !== undefined && at > next) counts.missed += at - next
        if (next !== undefined && at < next) counts.twice += 1
        next = Math.max(next ?? 0, at + 1)
      } else if (line.startsWith('id: ')) id = line.slice(4)
    }

    /** In order, or as a network would have it. */
    function leave() {
      if (Math.random() < 0.5) socket.destroy()
      else socket.resetAndDestroy()
      finish()
    }

    function finish() {
      if (ended) return
      ended = true
      for (const timer of timers) clearTimeout(timer)
      socket.removeAllListeners('data')
      // An event whose id has not come is sent again: it is not seen yet.
      const index = Number(id.split(':')[0])
      resolve({ id, next: id === '' || Number.isNaN(index) ? undefined : index + 1 })
    }
  })
}

async function write() {
  const batch = RATE / NODES / 10
  for (let tick = 1; !over; tick += 1) {
    await Promise.all(sent.map((_, node) => send(node, batch)))
    await sleep(Math.max(0, tick * 100 - (performance.now() - begun)))
  }
}

async function send(node, count) {
  const entries = Array.from({ length: count }, (_, i) => ({
    message: `${sent[node] + i} ${'Loading safetensors checkpoint shards '.repeat(4)}`,
  }))
  const answer = await fetch(`http://127.0.0.1:${server.port}/admin/nodes/n${node}/logs`, {
    method: 'POST',
    headers: { 'X-Admin-Token': token, 'Content-Type': 'application/json' },
    body: JSON.stringify(entries),
  })
  await answer.arrayBuffer()
  if (answer.status !== 202) throw new Error(`entries were answered with ${answer.status}`)
  sent[node] += count
}

function files() {
  return readdirSync(`/proc/${server.pid}/fd`).length
}

async function streams() {
  const answer = await fetch(`http://127.0.0.1:${server.port}/metrics`, {
    headers: { 'X-Admin-Token': token },
  })
  return Number(/^launchtail_streams (\d+)/m.exec(await answer.text())?.[1])
}

/** Channels of nodes that Redis still has a subscription to. */
function subscribed() {
  return new Promise((resolve) => {
    const socket = connect(server.redis.port, '127.0.0.1')
    socket.setEncoding('utf8').once('data', (text) => {
      socket.destroy()
      resolve(text.split('node_logs:').length - 1)
    })
    socket.write('PUBSUB CHANNELS node_logs:*\r\n')
  })
}

function report() {
  const settled = samples.filter(({ at }) => at >= Math.min(60, seconds / 2))
  const third = Math.max(1, Math.floor(settled.length / 3))
  const first = median(settled.slice(0, third).map(({ rss }) => rss))
  const last = median(settled.slice(-third).map(({ rss }) => rss))
  console.log(
    `${name}, ${digits(seconds)} s, ${NODES} nodes, ${READERS} seats, ${RATE} entries/s: ${digits(counts.connections)} streams, ${digits(counts.events)} events, ${counts.missed} missed, ${counts.twice} twice.\n`,
  )
  console.log(
    table([
      ['', 'RSS, MiB', 'open files', 'streams', 'subscriptions'],
      ['after the first minute', digits(first), median(settled.map((one) => one.files)), '', ''],
      ['at the end', digits(last), samples.at(-1).files, '', ''],
      ['all gone', digits(idle.rss), idle.files, idle.streams, subscriptions],
    ]),
  )
  const grew = last > first * (1 + TOLERANCE)
  const left = idle.streams > 0 || subscriptions > 0 || idle.files > samples[0].files
  if (grew || left || counts.missed > 0 || counts.twice > 0) process.exitCode = 1
}
