// Sending in over HTTP: entries in batches, and raw output.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { request } from '../load.mjs'
import { inRounds } from '../rounds.mjs'
import { TITLES } from '../servers.mjs'
import { digits, table } from '../table.mjs'

export const SERVERS = ['embedded', 'redis']
const BATCH = 100
const LINES = 1000
const SENDERS = 4

export async function measure(scale) {
  const rounds = scale.rounds > 1 ? 2 : 1
  const results = await inRounds(scale.only(SERVERS), rounds, { nodes: SENDERS }, (server) =>
    sample(server, scale),
  )
  const best = (name, of) => Math.max(...results.get(name).map((result) => of(result)))
  return [
    `${SENDERS} senders, each to a node of its own, over connections that are kept. The better of`,
    'two rounds: appends only add to the disk’s work.\n',
    table([
      ['', `entries/s in batches of ${BATCH}`, `raw lines/s, ${LINES} in a request`],
      ...[...results.keys()].map((name) => [
        TITLES[name],
        digits(best(name, entriesPerSecond)),
        digits(best(name, linesPerSecond)),
      ]),
    ]),
  ].join('\n')
}

/** For `--against`. */
export const compared = {
  options: () => ({ nodes: SENDERS }),
  sample,
  figures: [
    { title: 'entries/s', of: entriesPerSecond, better: 'more' },
    { title: 'CPU µs an entry', of: ({ batches }) => cost(batches, BATCH), better: 'less' },
    { title: 'raw lines/s', of: linesPerSecond, better: 'more' },
    { title: 'CPU µs a raw line', of: ({ raw }) => cost(raw, LINES), better: 'less' },
  ],
}

async function sample(server, scale) {
  const folder = mkdtempSync(join(tmpdir(), 'launchtail-bench-'))
  const files = { batch: join(folder, 'batch.json'), raw: join(folder, 'raw.txt') }
  writeFileSync(files.batch, JSON.stringify(Array.from({ length: BATCH }, (_, i) => entry(i))))
  writeFileSync(files.raw, Array.from({ length: LINES }, (_, i) => line(i)).join(''))
  try {
    return {
      batches: await post(server, scale, files.batch, 'application/json'),
      raw: await post(server, scale, files.raw, 'text/plain'),
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function post(server, scale, body, type) {
  return request(
    { ...server, headers: `${server.headers}\nContent-Type: ${type}` },
    {
      path: server.send,
      nodes: SENDERS,
      senders: SENDERS,
      body,
      warmup: scale.warmup,
      seconds: scale.seconds,
    },
  )
}

function entriesPerSecond({ batches }) {
  return batches.per_second * BATCH
}

function linesPerSecond({ raw }) {
  return raw.per_second * LINES
}

function cost({ cpu, per_second: requests }, size) {
  return (cpu * 1e6) / (requests * size)
}

/** An entry of about 250 bytes, as launches have them. */
function entry(i) {
  return {
    timestamp: '2026-11-23T12:00:00.000Z',
    level: 'info',
    message: `Loading safetensors checkpoint shards: ${i} of many, and some more words to make this a line of the usual length in such a log`,
    phase: 'model_loading',
    progress: 72,
  }
}

const SAYINGS = [
  (i) => `(task, pid=2217) Collecting nvidia-cublas-cu12==12.4.5.${i}`,
  (i) =>
    `(task, pid=2217)   Downloading torch-2.6.${i}-cp311-cp311-manylinux1_x86_64.whl (766.7 MB)`,
  (i) =>
    `INFO 11-23 12:00:${String(i % 60).padStart(2, '0')} [loader.py:447] Loading weights took ${i}.29 seconds`,
  (i) =>
    `Loading safetensors checkpoint shards:  ${i % 100}% Completed | ${i % 100}/100 [00:12<00:31,  1.2s/it]`,
  (i) => `INFO:     127.0.0.1:${40000 + (i % 9999)} - "GET /health HTTP/1.1" 200 OK`,
]

function line(i) {
  return `${SAYINGS[i % SAYINGS.length](i)}\n`
}
