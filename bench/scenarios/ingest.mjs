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
  const folder = mkdtempSync(join(tmpdir(), 'launchtail-bench-'))
  const files = { batch: join(folder, 'batch.json'), raw: join(folder, 'raw.txt') }
  writeFileSync(files.batch, JSON.stringify(Array.from({ length: BATCH }, (_, i) => entry(i))))
  writeFileSync(files.raw, Array.from({ length: LINES }, (_, i) => line(i)).join(''))
  const post = (server, body, type) =>
    request(
      { ...server, headers: `${server.headers}\nContent-Type: ${type}` },
      {
        path: server.send,
        nodes: SENDERS,
        senders: SENDERS,
        body,
        warmup: 1,
        seconds: scale.seconds,
      },
    )
  try {
    const results = await inRounds(
      scale.only(SERVERS),
      scale.rounds > 1 ? 2 : 1,
      { nodes: SENDERS },
      async (server) => ({
        batches: await post(server, files.batch, 'application/json'),
        raw: await post(server, files.raw, 'text/plain'),
      }),
    )
    const best = (name, of) => Math.max(...results.get(name).map((result) => of(result)))
    return [
      `${SENDERS} senders, each to a node of its own, over connections that are kept. The better of`,
      'two rounds: appends only add to the disk’s work.\n',
      table([
        ['', `entries/s in batches of ${BATCH}`, `raw lines/s, ${LINES} in a request`],
        ...[...results.keys()].map((name) => [
          TITLES[name],
          digits(best(name, ({ batches }) => batches.per_second * BATCH)),
          digits(best(name, ({ raw }) => raw.per_second * LINES)),
        ]),
      ]),
    ].join('\n')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
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
