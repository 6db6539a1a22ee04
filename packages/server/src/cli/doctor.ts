import { type Client, createClient } from '@launchtail/client'
import { formatDuration, type SkyPilotState } from '@launchtail/client/protocol'
import { Command } from 'commander'
import { type ServerFlags, serverOf, withServer } from './connection.js'
import { CliError } from './exit.js'
import { oneLine } from './format/text.js'

/** A thing that was looked at. */
interface Finding {
  readonly about: string
  readonly words: string
  /** Further lines. */
  readonly more?: readonly string[]
  readonly bad?: boolean
}

/** A clock that is off by more than this makes times in logs hard to compare, in milliseconds. */
const CLOCK_TOLERANCE = 5000

/** `launchtail doctor`: will a launch work? */
export function doctorCommand(): Command {
  return withServer(new Command('doctor'))
    .description('Check the server, its storage, its clock and SkyPilot: will a launch work?')
    .option('--json', 'print what the server says of SkyPilot, as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  $ launchtail doctor\n  $ launchtail doctor --json | jq .infra\n',
    )
    .action(async (flags: ServerFlags & { json?: boolean }) => {
      const { baseUrl, token } = await serverOf(flags)
      const client = createClient({ baseUrl, token })
      if (flags.json) {
        process.stdout.write(`${JSON.stringify(await client.getSkyPilot(), null, 2)}\n`)
        return
      }
      const findings = [...(await serverFindings(baseUrl, client)), ...(await skypilot(client))]
      for (const finding of findings) process.stdout.write(textOf(finding))
      const bad = findings.filter((finding) => finding.bad).length
      if (bad > 0)
        throw new CliError(bad === 1 ? 'there is a problem' : `there are ${bad} problems`)
    })
}

/** The records are read, so the database answers; `/readyz` says whether the logs' store does. */
async function serverFindings(baseUrl: string, client: Client): Promise<Finding[]> {
  const since = performance.now()
  await client.listNodes({ limit: 1 })
  const took = formatDuration(performance.now() - since, { decimals: 2 })
  const sent = Date.now()
  const ready = await fetch(`${baseUrl.replace(/\/+$/, '')}/readyz`)
  const offset = Date.parse(ready.headers.get('date') ?? '') - (sent + Date.now()) / 2
  const body = (await ready.json()) as { error?: { message?: string } }
  return [
    { about: 'server', words: `${baseUrl} answers in ${took}` },
    ready.ok
      ? { about: 'storage', words: 'ready' }
      : { about: 'storage', words: body.error?.message ?? 'not ready', bad: true },
    clock(offset),
  ]
}

/** The header has whole seconds. */
function clock(offset: number): Finding {
  const about = 'clock'
  if (Number.isNaN(offset)) return { about, words: 'the server does not say its time', bad: true }
  if (Math.abs(offset) < CLOCK_TOLERANCE) return { about, words: 'the same as here' }
  const off = formatDuration(Math.round(Math.abs(offset) / 1000) * 1000)
  return { about, words: `${off} ${offset > 0 ? 'ahead of' : 'behind'} this one`, bad: true }
}

async function skypilot(client: Client): Promise<Finding[]> {
  const state = await client.getSkyPilot()
  const { infra, clusters, problem } = state
  if (problem !== undefined) return [{ about: 'skypilot', words: problem, bad: true }]
  const enabled = infra.filter((one) => one.enabled)
  const names = clusters.map(({ name, status }) => `${name} (${status})`).join(', ')
  return [
    { about: 'skypilot', words: reached(state) },
    ...enabled.map(({ name, warnings }) => ({ about: name, words: 'enabled', more: warnings })),
    {
      about: 'infra',
      words: `${enabled.length} of ${infra.length} enabled`,
      bad: enabled.length === 0,
    },
    { about: 'clusters', words: names === '' ? 'none' : names },
  ]
}

function reached({ way, version, api_version, user, open }: SkyPilotState): string {
  const what = way === 'api' ? 'API server' : 'the `sky` command'
  return [
    [what, version, api_version !== undefined && `(API version ${api_version})`],
    [user !== undefined && `, as ${user}`],
    [open === true && '; whoever can reach it can use it'],
  ]
    .map((words) => words.filter(Boolean).join(' '))
    .join('')
}

function textOf({ about, words, more = [], bad = false }: Finding): string {
  const lines = [`${bad ? '✗' : '✓'} ${about.padEnd(10)} ${oneLine(words)}`]
  return [...lines, ...more.map((line) => `             ${oneLine(line)}`)].join('\n').concat('\n')
}
