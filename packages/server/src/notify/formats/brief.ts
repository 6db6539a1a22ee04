import { formatDuration, formatPrice, plain, shorten } from '@launchtail/client/protocol'
import type { EntryData, LaunchData, Message, MessageData } from '../message.js'
import type { TerminatedBy } from '../terminated-by.js'

export type Severity = 'critical' | 'error' | 'warning' | 'info'

/** A message for people, independent of any service. */
export interface Brief {
  /** One line, at most 200 characters. */
  readonly title: string
  readonly severity: Severity
  /** A sentence or a quoted line about it; empty if the title says it all. */
  readonly message: string
  /** What to do about it. */
  readonly advice: string
  readonly facts: readonly Fact[]
  readonly lines: readonly Line[]
  /** Leads to the node's page, if the server's public address is known. */
  readonly link: string | undefined
}

export interface Fact {
  readonly name: string
  readonly value: string
}

export interface Line {
  readonly text: string
  readonly link: string | undefined
}

const MOST_TITLE = 200
const MOST_LINES = 10
const MOST_FACT = 400
const MOST_TEXT = 1000
const ROUNDED = { parts: 2, decimals: 0 }

/** Everything that a person on call needs to know without opening anything. */
export function briefOf(told: Message): Brief {
  const { data } = told
  const type = typeOf(told)
  const { title, severity, message = '', advice = '' } = (TYPES[type] ?? unknownType)(data, type)
  const sample = data.sample ? 'Test: ' : ''
  return {
    title: shorten(plain(sample + title), MOST_TITLE),
    severity,
    message: oneText(message),
    advice,
    facts: factsOf(data),
    lines: linesOf(data).slice(-MOST_LINES),
    link: data.links?.line ?? data.links?.node,
  }
}

/** The event that a message is about. For a test, it is the event of the sample. */
export function typeOf({ type, data }: Message): string {
  return data.sample ?? type
}

type Head = Pick<Brief, 'title' | 'severity'> & Partial<Pick<Brief, 'message' | 'advice'>>

const TYPES: Readonly<Record<string, (data: MessageData, type: string) => Head>> = {
  'launch.started': (data) => ({ title: `${nameOf(data)} is being launched`, severity: 'info' }),
  'launch.phase_changed': (data) => ({
    title: `${nameOf(data)}: ${data.to ?? 'another phase'}`,
    severity: 'info',
  }),
  'launch.active': (data) => ({
    title: `${nameOf(data)} is active`,
    severity: 'info',
    message: data.endpoint ?? '',
  }),
  'launch.failed': failed,
  'launch.stalled': (data) => ({
    title: `${nameOf(data)} stalls in ${data.phase}: silent for ${lengthOf(data.silent_for_ms)}`,
    severity: 'warning',
    message:
      data.usual_ms === undefined
        ? ''
        : `Launches like it usually take up to ${lengthOf(data.usual_ms)} in this phase.`,
  }),
  'launch.recovered': (data) => ({
    title: `${nameOf(data)} goes on after ${lengthOf(data.stalled_for_ms)}`,
    severity: 'info',
  }),
  'launch.terminated': (data) => ({
    title: `${nameOf(data)} was terminated${BY[data.by ?? 'request']}`,
    severity: 'info',
  }),
  'launch.preempted': (data) => ({
    title: `${nameOf(data)} lost its spot instance after ${lengthOf(data.after_ms)}`,
    severity: 'error',
  }),
  'launch.unhealthy': (data) => ({
    title: `${nameOf(data)} is unhealthy`,
    severity: 'error',
    message: data.reason ?? '',
  }),
  'launch.healthy': (data) => ({
    title: `${nameOf(data)} is healthy again after ${lengthOf(data.unhealthy_for_ms)}`,
    severity: 'info',
  }),
  'launch.over_budget': ({ spent = 0, budget = 0, ...data }) => ({
    title: `${nameOf(data)} runs on over ${data.day === undefined ? 'its budget' : `the budget of ${data.day}`}`,
    severity: 'warning',
    message: `${formatPrice(spent)} was spent of ${formatPrice(budget)}. Nothing is ended because of this.`,
  }),
  'launch.slow': (data) => ({
    title: `${nameOf(data)} is slow in ${data.phase}: ${lengthOf(data.so_far_ms)} so far`,
    severity: 'warning',
    message: `95 % of such launches take at most ${lengthOf(data.p95_ms)} there.`,
  }),
  'entry.matched': (data) => ({
    title: `${nameOf(data)}: ${data.entry?.message ?? ''}`,
    severity: SEVERITIES[data.entry?.level ?? 'info'],
    message: data.entry?.message ?? '',
  }),
  'fleet.failure_rate': ({ failed = 0, of = 0, window }) => ({
    title: `${failed} of ${of} launches failed within ${window}`,
    severity: 'critical',
  }),
  'webhook.disabled': ({ webhook }) => ({
    title: `The webhook to ${webhook?.url} was switched off`,
    severity: 'warning',
    message: webhook?.reason ?? '',
  }),
}

const BY: Readonly<Record<TerminatedBy, string>> = {
  request: '',
  max_lifetime: ': its lifetime was over',
  idle_timeout: ': it served nobody',
}

function unknownType(data: MessageData, type: string): Head {
  return { title: `${nameOf(data)}: ${type}`, severity: 'info' }
}

function failed(data: MessageData): Head {
  const { failure, count = 1, after_active } = data
  const cause = failure ? `: ${failure.code}` : ''
  const what = after_active ? 'failed after it was active' : 'failed'
  const one = `${nameOf(data)} ${what}${failure ? ` in ${failure.phase}` : ''}${cause}`
  return {
    title: count > 1 ? `${count} launches failed${cause}` : one,
    severity: 'error',
    message: failure?.message ?? data.launch?.message ?? '',
    advice: failure?.advice ?? '',
  }
}

const SEVERITIES = { error: 'error', warn: 'warning', info: 'info', debug: 'info' } as const

function nameOf({ launch, node_id = '' }: MessageData): string {
  return launch ? (launch.name ?? (launch.cluster_name || launch.node_id)) : node_id
}

function factsOf(data: MessageData): Fact[] {
  const { launch, took_ms, suppressed_count = 0, first_at, last_at, launches, by_cause } = data
  const facts: [string, string | undefined][] = [
    ...(launch ? launchFacts(launch) : []),
    ['Took', took_ms === undefined ? undefined : lengthOf(took_ms)],
    [
      'Not told of',
      suppressed_count > 0 ? `${suppressed_count} more, ${first_at} to ${last_at}` : undefined,
    ],
    ['Launches', launches && namesOf(launches, data.count ?? launches.length)],
    ['Causes', by_cause && countsOf(by_cause)],
  ]
  return facts.flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [{ name, value: oneText(value, MOST_FACT) }],
  )
}

function launchFacts(launch: LaunchData): [string, string][] {
  const { gpu, gpu_count, provider, region, use_spot } = launch
  const place = [provider, region].filter((part) => part !== '').join('/')
  return [
    ['Node', launch.node_id],
    ['Model', launch.model],
    ['GPU', gpu_count > 1 ? `${gpu_count} × ${gpu}` : gpu],
    ['Place', place !== '' && use_spot ? `${place}, spot` : place],
    ['Phase', launch.failure?.phase ?? launch.phase],
    ['For', launch.owner ?? ''],
  ]
}

function namesOf(launches: readonly LaunchData[], count: number): string {
  const names = launches.map((launch) => nameOf({ launch })).join(', ')
  return count > launches.length ? `${names} and ${count - launches.length} more` : names
}

function countsOf(byCause: Readonly<Record<string, number>>): string {
  return Object.entries(byCause)
    .map(([cause, count]) => `${cause}: ${count}`)
    .join(', ')
}

/** The evidence if there is any, otherwise the newest lines before the failure. */
function linesOf({ failure, lines = [] }: MessageData): Line[] {
  const links = new Map(lines.map(({ index, link }) => [index, link]))
  const { evidence = [] } = failure ?? {}
  const shown: readonly Pick<EntryData, 'index' | 'message'>[] =
    evidence.length > 0 ? evidence : lines
  return shown.map(({ index, message }) => ({ text: oneText(message), link: links.get(index) }))
}

function oneText(text: string, most = MOST_TEXT): string {
  return shorten(text.split('\n').map(plain).join(' '), most)
}

function lengthOf(ms = 0): string {
  return formatDuration(ms, ROUNDED)
}
