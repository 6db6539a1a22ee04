// OTLP records in protobuf: reading them, making entries of them, and the whole way over HTTP into the store.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundled, measured } from '../bundled.mjs'
import { request } from '../load.mjs'
import { ALL, SERVER } from '../machine.mjs'
import { inRounds } from '../rounds.mjs'
import { digits, table } from '../table.mjs'

const PROGRAM = fileURLToPath(import.meta.url)
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const RECORDS = 10_000
/** Bytes of a record. */
const SIZE = 140
const SENDERS = 2
const MODULES = [
  ['otlp/in/read-protobuf.ts'],
  ['otlp/in/receive.ts'],
  ['otlp/wire/writer.ts'],
  ['output/redact/index.ts'],
]
const SECRETS = ['hf_notARealTokenOfAnybodyAtAll1234', 'a-password-of-a-registry']

/** What a launch says. Each text becomes 110 bytes. */
const SAYINGS = [
  (i) =>
    `Collecting nvidia-cublas-cu12==12.4.5.${i} (from torch->vllm==0.8.${i % 9}) from the index of the mirror`,
  (i) =>
    `Downloading torch-2.6.${i}-cp311-cp311-manylinux1_x86_64.whl (766.7 MB) from the cache of this region`,
  (i) =>
    `INFO 11-23 12:00:${String(i % 60).padStart(2, '0')} [loader.py:447] Loading weights took ${i}.29 seconds on this worker`,
  (i) =>
    `Loading safetensors checkpoint shards:  ${i % 100}% Completed | ${i % 100}/100 [00:12<00:31,  1.2s/it]`,
  (i) =>
    `INFO:     127.0.0.1:${40_000 + (i % 9999)} - "GET /v1/models HTTP/1.1" 200 OK, in the access log of the server`,
]
const TEXT = 110

export async function measure(scale) {
  const rounds = []
  for (let round = 0; round < scale.rounds; round += 1) rounds.push(await once(ROOT, scale.seconds))
  const best = (name) => Math.max(...rounds.map((round) => round[name]))
  const rows = [
    ['read', '', digits(best('read'))],
    ['read, secrets taken out, interpreted', '', digits(best('interpreted'))],
  ]
  for (const [title, core] of [
    ['over HTTP and stored, the whole server on one core', SERVER],
    ['over HTTP and stored, on all cores, which it shares with the senders', ALL],
  ]) {
    const rounds = scale.rounds > 1 ? 2 : 1
    const results = await inRounds(scale.only(['embedded']), rounds, { core }, post(scale))
    const rates = results.get('embedded')
    if (!rates) continue
    const [wall, cpu] = ['wall', 'cpu'].map((name) => Math.max(...rates.map((rate) => rate[name])))
    rows.push([title, digits(wall), digits(cpu)])
  }
  return [
    `Records of ${SIZE} bytes in protobuf, ${RECORDS} in a request. The first two rows are functions; the others are`,
    `requests of ${SENDERS} senders to one node of the embedded store. A second of processor time is one of a core’s,`,
    'whatever else the machine does; where the server is on one core, it is the most that it can take. The best of',
    'all rounds.\n',
    table([['', 'records/s', 'records a second of processor time'], ...rows]),
  ].join('\n')
}

/** For `--against`. */
export const compared = {
  withoutServer: true,
  sample: ({ checkout }, { seconds }) => once(checkout, seconds),
  figures: [
    { title: 'records/s read', of: ({ read }) => read, better: 'more' },
    { title: 'records/s interpreted', of: ({ interpreted }) => interpreted, better: 'more' },
  ],
}

/** One round of the code of a checkout. */
function once(checkout, seconds) {
  return measured({ checkout, name: 'otlp', modules: MODULES, program: PROGRAM, seconds })
}

function post(scale) {
  return async (server) => {
    const folder = mkdtempSync(join(tmpdir(), 'launchtail-bench-'))
    const body = join(folder, 'records')
    try {
      const { written } = await import(await bundled(ROOT, 'otlp', MODULES))
      writeFileSync(body, requestOf(written, 'n0'))
      const headers = `${server.headers}\nContent-Type: application/x-protobuf`
      const { warmup, seconds } = scale
      const options = { path: '/v1/logs', senders: SENDERS, body, warmup, seconds: seconds * 4 }
      const { per_second: requests, cpu } = await request({ ...server, headers }, options)
      return { wall: requests * RECORDS, cpu: (requests * RECORDS) / cpu }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

if (process.argv[1] === PROGRAM) await act(process.argv[2], Number(process.argv[3]))

async function act(module, seconds) {
  const { readLogsProtobuf, createOtlpIntake, createRedactor, written } = await import(module)
  const body = requestOf(written, 'n0')
  let entries = []
  const intake = createOtlpIntake({
    registry: { isKnown: async (id) => id === 'n0', meantBy: async () => undefined },
    appender: {
      state: async () => ({ phase: 'queued', progress: 0 }),
      async append(_nodeId, drafts) {
        entries = drafts
      },
    },
    redactorFor: () => createRedactor({ values: SECRETS }),
    unknown: 'reject',
  })
  const read = await rateOf(seconds, () => {
    let count = 0
    for (const { record } of readLogsProtobuf(body)) if (record.body !== undefined) count += 1
    return count
  })
  const interpreted = await rateOf(seconds, async () => {
    const { accepted } = await intake.take(readLogsProtobuf(body))
    return accepted
  })
  const text = JSON.stringify(entries)
  if (SECRETS.some((secret) => text.includes(secret)) || !text.includes('***')) {
    throw new Error('the secrets were not taken out')
  }
  if (!text.includes('"phase":"model_loading"')) throw new Error('nothing was interpreted')
  console.log(JSON.stringify({ read, interpreted }))
}

/** Records a second of processor time, once what is measured has been compiled. */
async function rateOf(seconds, round) {
  for (let i = 0; i < 10; i += 1) await round()
  let count = 0
  const begun = performance.now()
  const used = process.cpuUsage()
  do {
    const records = await round()
    if (records !== RECORDS) throw new Error(`${records} of ${RECORDS} records were read`)
    count += records
  } while (performance.now() - begun < seconds * 1000)
  const { user, system } = process.cpuUsage(used)
  return (count * 1e6) / (user + system)
}

function requestOf(written, nodeId) {
  const now = BigInt(Date.now()) * 1_000_000n
  const body = written((to) =>
    to.message(1, (resourceLogs) => {
      resourceLogs.message(1, (resource) =>
        resource.message(1, (attribute) => {
          attribute.text(1, 'launchtail.node_id')
          attribute.message(2, (value) => value.text(1, nodeId))
        }),
      )
      resourceLogs.message(2, (scopeLogs) => {
        for (let i = 0; i < RECORDS; i += 1) {
          const record = written((to) => writeRecord(to, i, now + BigInt(i)))
          if (record.length !== SIZE) throw new Error(`a record has ${record.length} bytes`)
          scopeLogs.bytes(2, record)
        }
      })
    }),
  )
  return body
}

/** As the Collector sends the lines of a file. */
function writeRecord(to, i, time) {
  // Some have a secret, which is looked for in all of them.
  const said = i % 100 === 99 ? `Using the token ${SECRETS[0]} of` : SAYINGS[i % SAYINGS.length](i)
  to.fixed64(1, time)
  to.varint(2, 9)
  to.text(3, 'INFO')
  to.message(5, (value) => value.text(1, said.padEnd(TEXT, ' and more of it').slice(0, TEXT)))
  to.fixed64(11, time)
}
