import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Hit, LogEntry, NodeRecord } from '@launchtail/client'
import { phaseOrder } from '@launchtail/client/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { QUESTIONS } from '../../../scripts/questions.js'
import { endAll, type RunningServer, startServer } from './support/processes.js'
import { transcriptFiles, transcripts } from './support/transcripts.js'

/**
 * The questions of docs/query.md, asked of genuine output that was sent in as launches. The expected
 * answers are told by expressions and comparisons of JavaScript's own, over the histories.
 */
describe.skipIf(!transcripts)(
  'the fifteen questions (LAUNCHTAIL_TRANSCRIPTS names folders of genuine logs)',
  () => {
    let server: RunningServer
    let launches: Launch[]
    beforeAll(async () => {
      server = await startServer()
      launches = await sent(server)
    }, 120_000)
    afterAll(endAll)

    it('are asked of as many launches as there are logs, most of which have failed', () => {
      expect(launches.length).toBe(transcriptFiles().length)
      const failed = launches.filter(({ record }) => record.status === 'failed')
      expect(failed.length).toBeGreaterThan(launches.length / 2)
    })

    it.each(QUESTIONS.map(({ asks, query }, n) => [asks, query, n] as const))(
      '%s',
      async (_, query, n) => {
        const answer = ANSWERS[n] as Answer
        const expected = launches.flatMap(({ record, logs }) =>
          logs
            .filter((entry) => answer.isIn(entry, record))
            .map(({ message }) => `${record.name}: ${message}`),
        )
        const found = await searched(server, ours(query))
        expect(found.toSorted()).toEqual(expected.toSorted())
        expect([query, found.length > 0]).toEqual([query, !answer.isEmpty])
      },
    )
  },
)

interface Launch {
  readonly record: NodeRecord
  readonly logs: readonly LogEntry[]
}

const REGIONS = ['us-west-2', 'europe-west4', 'us-central1'] as const
const GPUS = ['A100-80GB', 'A100', 'H100'] as const
const MODELS = ['meta-llama/Llama-3.1-70B', 'bigscience/bloom', 'meta-llama/Llama-3.1-8B'] as const
/** The logs that somebody asks about by the id of their node. */
const ASKED_ABOUT = '550e84'

/** Sends each log in as a launch of its own, and ends those that came to a bad end. */
async function sent(server: RunningServer): Promise<Launch[]> {
  const launches: Launch[] = []
  for (const [n, path] of transcriptFiles().entries()) {
    const name = basename(path, '.log')
    const node_id = `${n % 7 === 0 ? ASKED_ABOUT : 'node'}-${n}`
    const isSpot = /spot|preempt/.test(name)
    await server.post('/admin/nodes', {
      node_id,
      name,
      provider: /gcp|azure|aws|runpod/.exec(name)?.[0] ?? (n % 2 ? 'gcp' : 'aws'),
      region: /capacity/.test(name) ? 'us-west-2' : REGIONS[isSpot ? 1 : n % REGIONS.length],
      gpu: GPUS[n % GPUS.length],
      model: MODELS[n % MODELS.length],
      use_spot: isSpot,
    })
    const text = await readFile(path, 'utf8')
    const type = { 'Content-Type': 'text/plain' }
    expect((await server.post(`/admin/nodes/${node_id}/logs`, text, type)).status).toBe(202)
    if (!/\bok\b|ready|serve$|still/.test(name)) {
      const cause = name.includes('preempted') && { code: 'preempted' }
      await server.post(`/admin/nodes/${node_id}/status`, { status: 'failed', ...cause })
    }
    const record = (await (await server.fetch(`/admin/nodes/${node_id}`)).json()) as NodeRecord
    const history = await server.fetch(`/admin/nodes/${node_id}/logs?tail=all`)
    launches.push({ record, logs: ((await history.json()) as { logs: LogEntry[] }).logs })
  }
  return launches
}

/** The logs were sent in just now, so the hour that is asked about is the one around it. */
function ours(query: string): string {
  return query.replace(
    '2026-11-22T22:00:00Z..2026-11-22T23:00:00Z',
    `${time(-1_800_000)}..${time(1_800_000)}`,
  )
}

function time(later: number): string {
  return new Date(Date.now() + later).toISOString()
}

async function searched(server: RunningServer, q: string): Promise<string[]> {
  const found: string[] = []
  const names = new Map<string, string>()
  for (let cursor: string | undefined = ''; cursor !== undefined; ) {
    const query = new URLSearchParams({ q, limit: '1000', ...(cursor !== '' && { cursor }) })
    const answer = await server.fetch(`/admin/logs?${query}`)
    expect(answer.status).toBe(200)
    const page = (await answer.json()) as { logs: Hit[]; cursor?: string }
    for (const { node_id } of page.logs) {
      if (names.has(node_id)) continue
      const { name } = (await (await server.fetch(`/admin/nodes/${node_id}`)).json()) as NodeRecord
      names.set(node_id, name as string)
    }
    found.push(...page.logs.map(({ node_id, message }) => `${names.get(node_id)}: ${message}`))
    cursor = page.cursor
  }
  return found
}

interface Answer {
  readonly isIn: (entry: LogEntry, record: NodeRecord) => boolean
  /** No genuine log says it. */
  readonly isEmpty?: boolean
}

const LEVELS = ['debug', 'info', 'warn', 'error']
/** A word stands alone, or is a part of a name: OOMKilled, out_of_memory. */
const OOM = /(?<![a-z0-9])oom(?![a-z0-9])|OOM(?=[A-Z][a-z])|Oom(?![a-z0-9])/
const OUT_OF_MEMORY = /(?<![A-Za-z0-9])out[^A-Za-z0-9]*of[^A-Za-z0-9]*memory(?![a-z0-9])/i

/** In the order of the questions. */
const ANSWERS: readonly Answer[] = [
  {
    isIn: (_, { status, region, failure }) =>
      status === 'failed' && region === 'us-west-2' && failure?.code === 'no_capacity',
  },
  {
    isIn: (entry) =>
      entry.level === 'error' && entry.phase === 'model_loading' && !isOutOfMemory(entry),
  },
  { isIn: isOutOfMemory },
  {
    isIn: ({ level }, { node_id }) =>
      LEVELS.indexOf(level) >= LEVELS.indexOf('warn') && node_id.startsWith(ASKED_ABOUT),
  },
  { isIn: ({ progress }) => progress !== undefined && progress >= 50 && progress <= 80 },
  {
    isIn: (entry) => says(entry, /failed to provision/i) && says(entry, /us-[a-z]+-\d[a-z]/),
    isEmpty: true,
  },
  { isIn: (entry) => says(entry, /gated.?repo/i) || says(entry, /401 client error/i) },
  { isIn: (entry, { gpu }) => says(entry, /quota(?![a-z])/i) && /^A100/.test(gpu ?? '') },
  { isIn: (entry) => says(entry, /exit.?code.?137(?!\d)/i), isEmpty: true },
  { isIn: (entry) => says(entry, OOM), isEmpty: true },
  {
    isIn: (_, { use_spot, region, failure }) =>
      use_spot === true && region?.startsWith('europe-') === true && failure?.code === 'preempted',
  },
  {
    isIn: ({ level, phase }, { model }) =>
      level === 'error' &&
      phaseOrder(phase) === phaseOrder('health_check') &&
      model === 'meta-llama/Llama-3.1-70B',
  },
  { isIn: ({ details, progress }) => Boolean(details) && progress === undefined },
  { isIn: (entry) => says(entry, /vllm==0\.1\d/) },
  {
    isIn: (entry, { provider, region }) =>
      entry.level === 'error' &&
      provider === 'gcp' &&
      region !== 'us-central1' &&
      (says(entry, /quota(?![a-z])/i) || says(entry, /capacity/i)),
  },
]

function isOutOfMemory(entry: LogEntry): boolean {
  return says(entry, OOM) || says(entry, /OOM(?![A-Za-z0-9])/) || says(entry, OUT_OF_MEMORY)
}

function says({ message, details = '' }: LogEntry, pattern: RegExp): boolean {
  return pattern.test(message) || pattern.test(details)
}
