// `npm run bench` prints all measurements as Markdown, in under 15 minutes.
//
//   npm run bench -- fanout latency      some parts
//   npm run bench -- --quick             all of it too short to mean anything: does it run?
//   npm run bench -- --servers raw,redis fanout
//   npm run bench -- --no-build fanout   of what was built last
//   npm run bench -- --write             into docs/performance.md too, in place of what stood there
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { describe, prepare } from './machine.mjs'
import { scaleOf } from './scale.mjs'
import { TITLES } from './servers.mjs'
import { setup } from './setup.mjs'

const PARTS = [
  'fanout',
  'latency',
  'overload',
  'idle',
  'nodes',
  'backlog',
  'reconnect',
  'history',
  'stalled',
  'ingest',
  'interpret',
  'launches',
  'clients',
  'page',
]

const { values, positionals } = readWords()
const parts = positionals.length > 0 ? positionals : PARTS
const asked = values.servers?.split(',') ?? Object.keys(TITLES)
refuseUnknown('part', parts, PARTS)
refuseUnknown('server', asked, Object.keys(TITLES))

const { notes, missing } = setup({ build: values.build })
const limits = prepare(12_000)
const scale = scaleOf({
  quick: values.quick,
  sockets: limits.sockets,
  servers: asked.filter((name) => !missing.has(name)),
})
const begun = performance.now()
const command = ['npm run bench', ...process.argv.slice(2)].join(' -- ').replace(/ -- /g, ' ')
const said = []
say(`${new Date().toISOString().slice(0, 10)}, ${describe()}, \`${command}\``)
for (const note of [...limits.notes, ...notes]) say(note)
for (const part of parts) {
  const since = performance.now()
  try {
    const { measure } = await import(`./scenarios/${part}.mjs`)
    say(`### ${part}\n\n${await measure(scale)}`)
  } catch (error) {
    // The others are worth having all the same.
    console.error(`bench: ${part}: ${error.message}`)
    process.exitCode = 1
  }
  console.error(`bench: ${part} took ${Math.round((performance.now() - since) / 1000)} s`)
}
if (values.write) write()
console.error(`bench: ${Math.round((performance.now() - begun) / 1000)} s`)

function say(text) {
  said.push(text)
  console.log(`${text}\n`)
}

/** Puts what was measured between the marks in the document. */
function write() {
  const file = new URL('../docs/performance.md', import.meta.url)
  const marks = ['<!-- measured: begin -->', '<!-- measured: end -->']
  const [before, rest] = readFileSync(file, 'utf8').split(marks[0])
  const after = rest?.split(marks[1])[1]
  if (after === undefined) throw new Error(`${file.pathname} has no marks to write between`)
  writeFileSync(file, `${before}${marks[0]}\n\n${said.join('\n\n')}\n\n${marks[1]}${after}`)
}

function readWords() {
  try {
    return parseArgs({
      allowPositionals: true,
      allowNegative: true,
      options: {
        quick: { type: 'boolean', default: false },
        build: { type: 'boolean', default: true },
        servers: { type: 'string' },
        write: { type: 'boolean', default: false },
      },
    })
  } catch (error) {
    console.error(`bench: ${error.message}`)
    return process.exit(2)
  }
}

function refuseUnknown(what, names, known) {
  const unknown = names.filter((name) => !known.includes(name))
  if (unknown.length === 0) return
  console.error(`bench: no ${what} ${unknown.join(', ')}; there are ${known.join(', ')}`)
  process.exit(2)
}
