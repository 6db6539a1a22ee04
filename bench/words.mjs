// What stands on the command line of `npm run bench`.
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { TITLES } from './servers.mjs'

export const ROOT = fileURLToPath(new URL('..', import.meta.url))

const PARTS = [
  'fanout',
  'latency',
  'overload',
  'syscalls',
  'idle',
  'start',
  'nodes',
  'workers',
  'merged',
  'search',
  'export',
  'fleet',
  'stats',
  'backlog',
  'reconnect',
  'history',
  'stalled',
  'ingest',
  'interpret',
  'otlp',
  'launches',
  'clients',
  'page',
]
/** Names of several parts. */
const GROUPS = { find: ['search', 'merged', 'export'] }
/** The parts that can be measured on two builds; the first are measured where none is named. */
const COMPARED = ['fanout', 'latency', 'nodes', 'ingest', 'interpret', 'start']
const COMPARED_TOO = ['overload', 'idle', 'backlog', 'history']

const HELP = `Measures Launchtail beside its peers, or beside another build of itself, and prints Markdown.

  npm run bench                        all parts, in half an hour
  npm run bench -- fanout latency      some parts; also: --only fanout,latency
  npm run bench -- --against DIR       this checkout's build beside that of another checkout

  --against DIR    a checkout that is built (npm ci && npm run build). Its server and this one's
                   take turns, and each figure is the median over the rounds, with the ratio within
                   a round and how far half of the rounds are apart. The verdict says whether the
                   ratio is within 5 %. Ends with 1 where this build is worse.
  --rounds N       with --against: how many rounds (10). A round of a part takes 15 to 30 s
  --only PARTS     these parts, with commas between them
  --servers NAMES  these servers: ${Object.keys(TITLES).join(', ')};
                   with --against embedded and redis
  --quick          too short to mean anything: does it run?
  --no-build       do not build this checkout first
  --write          put the result into docs/performance.md, in place of the last one

Parts: ${PARTS.join(', ')};
find: ${GROUPS.find.join(', ')}.
With --against: ${COMPARED.join(', ')};
and if they are named, ${COMPARED_TOO.join(', ')}.
`

/** The words as options, all of them checked. Ends the process where they are wrong, or ask for help. */
export function readWords(args) {
  const { values, positionals } = parsed(args)
  if (values.help) {
    process.stdout.write(HELP)
    process.exit(0)
  }
  const isCompared = values.against !== undefined
  const named = [...positionals, ...listOf(values.only)].flatMap((name) => GROUPS[name] ?? name)
  const known = isCompared ? [...COMPARED, ...COMPARED_TOO] : PARTS
  const parts = named.length > 0 ? named : isCompared ? COMPARED : PARTS
  const all = isCompared ? ['embedded', 'redis'] : Object.keys(TITLES)
  const servers = values.servers === undefined ? all : listOf(values.servers)
  refuseUnknown('part', parts, known)
  refuseUnknown('server', servers, all)
  const rounds = Number(values.rounds)
  if (!(Number.isInteger(rounds) && rounds >= 1 && rounds <= 100)) {
    refuse('--rounds is a whole number from 1 to 100')
  }
  if (isCompared && values.write) refuse('--write and --against do not go together')
  const { against, build, quick, write } = values
  return { parts, servers, against, rounds, build, quick, write }
}

function parsed(args) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      allowNegative: true,
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        against: { type: 'string' },
        rounds: { type: 'string', default: '10' },
        only: { type: 'string' },
        servers: { type: 'string' },
        quick: { type: 'boolean', default: false },
        build: { type: 'boolean', default: true },
        write: { type: 'boolean', default: false },
      },
    })
  } catch (error) {
    return refuse(error.message)
  }
}

function listOf(text = '') {
  return text.split(',').filter((word) => word !== '')
}

function refuseUnknown(what, names, known) {
  const unknown = names.filter((name) => !known.includes(name))
  if (unknown.length > 0) refuse(`no ${what} ${unknown.join(', ')}; there are ${known.join(', ')}`)
}

function refuse(words) {
  console.error(`bench: ${words}; see npm run bench -- --help`)
  return process.exit(2)
}
