// `npm run bench` prints all measurements as Markdown, in under 15 minutes.
//
//   npm run bench -- fanout latency      some parts
//   npm run bench -- --quick             all of it too short to mean anything: does it run?
//   npm run bench -- --servers raw,redis fanout
//   npm run bench -- --no-build fanout   of what was built last
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
console.log(`${new Date().toISOString().slice(0, 10)}, ${describe()}, \`${command}\``)
for (const note of [...limits.notes, ...notes]) console.log(`\n${note}`)
for (const part of parts) {
  const { measure } = await import(`./scenarios/${part}.mjs`)
  console.log(`\n## ${part}\n\n${await measure(scale)}`)
}
console.error(`bench: ${Math.round((performance.now() - begun) / 1000)} s`)

function readWords() {
  try {
    return parseArgs({
      allowPositionals: true,
      allowNegative: true,
      options: {
        quick: { type: 'boolean', default: false },
        build: { type: 'boolean', default: true },
        servers: { type: 'string' },
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
