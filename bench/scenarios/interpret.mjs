// The way of a raw line as far as the store: cut out of the bytes, cleaned, without secrets,
// interpreted. On one core, without anything that waits.
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { measured } from '../bundled.mjs'
import { digits, table } from '../table.mjs'

/** What the server's package brings along for its demonstration: a time before each line. */
const RECORDINGS = new URL('../../packages/server/demo/', import.meta.url)
const PROGRAM = fileURLToPath(import.meta.url)
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** How often a recording is gone through in one launch: some 1,200 lines. */
const TIMES = 20
const CHUNK = 16 * 1024
/** What is measured, by where it is and where it was before. */
const MODULES = [
  ['output/lines.ts', 'launch/lines.ts'],
  ['ingest/pipeline.ts', 'launch/pipeline.ts'],
  ['output/redact/index.ts', 'launch/redact.ts'],
]
const SECRETS = ['hf_notARealTokenOfAnybodyAtAll1234', 'a-password-of-a-registry']

export async function measure(scale) {
  const rounds = []
  for (let round = 0; round < scale.rounds; round += 1) rounds.push(await once(ROOT, scale.seconds))
  const best = (of) => Math.max(...rounds.map(of))
  return [
    'Recorded launches, in chunks of 16 KiB, with two secrets to be found: a second is one of a',
    'core’s time, whatever else the machine does. The best of all rounds.\n',
    table([
      ['', 'raw lines/s', 'MB/s'],
      [
        'redacted and interpreted, on one core',
        digits(best(({ lines }) => lines)),
        digits(best(({ bytes }) => bytes / 1e6)),
      ],
    ]),
  ].join('\n')
}

/** For `--against`. */
export const compared = {
  withoutServer: true,
  sample: ({ checkout }, { seconds }) => once(checkout, seconds),
  figures: [{ title: 'raw lines/s', of: ({ lines }) => lines, better: 'more' }],
}

/** One round of the code of a checkout. */
function once(checkout, seconds) {
  return measured({ checkout, name: 'interpret', modules: MODULES, program: PROGRAM, seconds })
}

if (process.argv[1] === PROGRAM) await interpret(process.argv[2], Number(process.argv[3]))

async function interpret(module, seconds) {
  const { lineDecoder, createPipeline, createRedactor } = await import(module)
  const launches = readdirSync(RECORDINGS).map(launchOf)
  let entries = 0
  const through = async ({ chunks }) => {
    const decoder = lineDecoder()
    const pipeline = createPipeline({
      state: { phase: 'queued', progress: 0 },
      redactor: createRedactor({ values: SECRETS }),
      async append(drafts) {
        entries += drafts.length
        return { outcome: 'stored', accepted: drafts.length, cursor: '' }
      },
      signal: new AbortController().signal,
    })
    for (const chunk of chunks) await pipeline.take(decoder.push(chunk))
    await pipeline.take(decoder.end())
    await pipeline.end()
  }
  for (const launch of launches) await through(launch)
  entries = 0
  let lines = 0
  let bytes = 0
  const begun = performance.now()
  const used = process.cpuUsage()
  do {
    for (const launch of launches) {
      await through(launch)
      lines += launch.lines
      bytes += launch.bytes
    }
  } while (performance.now() - begun < seconds * 1000)
  const { user, system } = process.cpuUsage(used)
  const took = (user + system) / 1e6
  if (entries < lines / 2) throw new Error(`${lines} lines became ${entries} entries`)
  console.log(JSON.stringify({ lines: lines / took, bytes: bytes / took }))
}

function launchOf(name) {
  const recorded = readFileSync(new URL(name, RECORDINGS), 'utf8')
  const text = recorded.replace(/^\d+:\d\d /gm, '').repeat(TIMES)
  const bytes = Buffer.from(text)
  const chunks = []
  for (let at = 0; at < bytes.length; at += CHUNK) chunks.push(bytes.subarray(at, at + CHUNK))
  return { chunks, bytes: bytes.length, lines: text.split('\n').length - 1 }
}
