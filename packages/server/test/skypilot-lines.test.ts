import { readFileSync } from 'node:fs'
import { type Draft, NOT_LAUNCHED } from '@launchtail/client/protocol'
import { expect, test } from 'vitest'
import type { Launch, Outcome } from '../src/launch/launcher.js'
import { clusterLost } from '../src/launch/skypilot/endings.js'
import { writeEntry } from '../src/logs/entry-text.js'
import { explain } from '../src/nodes/ends/explain.js'
import { cleanLine } from '../src/output/clean.js'
import { createReader } from '../src/output/interpret/index.js'
import { lineDecoder } from '../src/output/lines.js'

/** The entries of what SkyPilot 0.14.1 printed, as it was printed. */
function entriesOf(name: string): Draft[] {
  const file = new URL(`./fixtures/skypilot-0.14/${name}`, import.meta.url)
  return entriesIn(readFileSync(file))
}

function entriesIn(bytes: Uint8Array): Draft[] {
  const decoder = lineDecoder()
  const reader = createReader()
  let state = NOT_LAUNCHED
  return [...decoder.push(bytes), ...decoder.end()].flatMap(({ text }) => {
    const read = reader.read(state, cleanLine(text))
    if (!read) return []
    state = read.state
    return [read.draft]
  })
}

const saying = (entries: readonly Draft[], words: RegExp) =>
  entries.filter(({ message }) => words.test(message))

test('a log line has the level, process and time it names', () => {
  expect(saying(entriesOf('cli-launch.log'), /^Partition 'main'/)).toMatchObject([
    {
      level: 'warn',
      message: expect.stringMatching(/^Partition 'main' has no MaxTime .*config\.yaml\.$/),
      details: 'place: pid=8924\nlogger: instance.py:211\nsaid_at: 11-27 00:35:15.006',
    },
  ])
})

test('a spinner and a step show what is done, and the command for more in their details', () => {
  const entries = entriesOf('launch-ok.console')
  expect(saying(entries, /View logs/)).toEqual([])
  const command = 'View logs: sky logs --provision cic-any-local-cpu-od-k2'
  expect(saying(entries, /Waiting for SSH access|3\/3|^✓ Cluster launched/)).toMatchObject([
    { message: 'Launching - Waiting for SSH access', phase: 'provisioning', details: command },
    {
      message: 'Preparing SkyPilot runtime (3/3 - runtime)',
      phase: 'instance_ready',
      progress: 58,
      details: command,
    },
    { message: '✓ Cluster launched: cic-any-local-cpu-od-k2.', progress: 60, details: command },
  ])
})

test('an empty line makes no entry', () => {
  for (const name of ['cli-launch.log', 'launch-ok.console', 'cli-managed-job.log']) {
    expect(saying(entriesOf(name), /^\s*$/)).toEqual([])
  }
})

test('the useful commands are one entry behind the submitted job', () => {
  const entries = entriesOf('cli-launch.log')
  expect(entries.slice(-2)).toMatchObject([
    { message: '⚙︎ Job submitted, ID: 1', phase: 'installing', progress: 61 },
    {
      message: '📋 Useful Commands',
      details: [
        'Job ID: 1',
        'To cancel the job: sky cancel hello 1',
        'To stream job logs: sky logs hello 1',
        'To view job queue: sky queue hello',
        'Cluster name: hello',
        'To log into the head VM: ssh hello',
        'To submit a job: sky exec hello yaml_file',
        'To stop the cluster: sky stop hello',
        'To teardown the cluster: sky down hello',
      ].join('\n'),
    },
  ])
  expect(entriesOf('cli-managed-job.log').at(-1)).toMatchObject({
    message: '📋 Useful Commands',
    details: expect.stringMatching(
      /^Managed Job ID: 1\n(?:.+\n){3}To view all .+: sky jobs queue$/,
    ),
  })
})

test('commands that others mix with their own lines are not lost', () => {
  const text = '📋 Useful Commands\nJob ID: 1\n└── To view job queue:\t\tsky queue x\nHello\nBye\n'
  expect(entriesIn(Buffer.from(text))).toMatchObject([
    { message: 'Hello', details: '📋 Useful Commands\nJob ID: 1\nTo view job queue: sky queue x' },
    { message: 'Bye' },
  ])
})

test('a log says what is waited for', () => {
  expect(saying(entriesOf('cli-managed-job.log'), /Waiting for|Job started/)).toMatchObject([
    {
      message: '├── Waiting for task resources on 1 node.',
      details: 'The job starts when its nodes have the CPUs, memory and GPUs it asks for free.',
    },
    { details: expect.stringMatching(/active as soon as its server is ready/) },
  ])
})

test('a managed job that is said to be finished while it runs is no error', () => {
  expect(saying(entriesOf('cli-managed-job.log'), /Managed job finished/)).toMatchObject([
    { message: '✓ Managed job finished: 1 (status: RUNNING).', level: 'info' },
  ])
})

/** How the end of a launch that printed this is told. */
function explained(entries: readonly Draft[], outcome: Outcome) {
  const timestamp = '2026-01-02T03:04:05Z'
  const texts = entries.map(({ level = 'info', message, phase = 'installing' }) =>
    writeEntry({ timestamp, level, message, phase }),
  )
  const read = async (_: string, from: number) => texts.slice(from)
  return explain(outcome, { nodeId: 'n', store: { read } })
}

test('a node that failed is the reason why its cluster is gone', async () => {
  const job = entriesIn(Buffer.from('(task, pid=7) tick 1\nsrun: error: Node failure on vm\n'))
  const launch = { clusterName: 'c', request: { use_spot: false } } as unknown as Launch
  const { message, details } = await explained(job, { message: clusterLost(launch) })
  expect(message).toBe('srun: error: Node failure on vm')
  expect(details).toMatch(/^.*(?:machine|node).*\nthe cluster c is gone/i)
})

test('the failed entry says what stands right above it only once', async () => {
  const lines = [
    '(setup pid=3) one',
    '(setup pid=3) two',
    "ERROR: Job 1's setup failed with return code 1",
  ]
  const entries = entriesIn(Buffer.from(`${lines.join('\n')}\n`))
  const message = 'setup failed: the job ended with status FAILED_SETUP'
  const told = await explained(entries, {
    message,
    details: [...lines, 'only SkyPilot knows this'].join('\n'),
  })
  expect(told.message).toBe(message)
  expect(told.details?.split('\n').slice(1)).toEqual(['only SkyPilot knows this'])
})

test('a message of 2 KB becomes one of 300 characters, and is whole in the details', async () => {
  const versions = Array.from({ length: 300 }, (_, i) => `0.${i}.0`).join(', ')
  const whole = `No version fits (from versions: ${versions})`
  const { message, details } = await explained([], { message: whole })
  expect(message.length).toBeLessThanOrEqual(300)
  expect(message).toMatch(/^No version fits \(from versions: 0\.0\.0, .+ … .+, 0\.299\.0\)$/)
  expect(details).toContain(whole)
})

test('a list of commands that breaks off is shown, with what there is of it', () => {
  const block = ['📋 Useful Commands', 'Job ID: 1', '├── To cancel the job:\t\tsky cancel c 1']
  const reader = createReader()
  for (const text of block) expect(reader.read(NOT_LAUNCHED, { text })).toBeUndefined()
  expect(reader.isHolding()).toBe(true)
  expect(reader.end(NOT_LAUNCHED)?.draft).toMatchObject({
    message: '📋 Useful Commands',
    details: 'Job ID: 1\nTo cancel the job: sky cancel c 1',
  })
  expect(reader.end(NOT_LAUNCHED)).toBeUndefined()
  for (const text of block) reader.read(NOT_LAUNCHED, { text })
  expect(reader.read(NOT_LAUNCHED, { text: 'something else' })?.draft).toMatchObject({
    message: 'something else',
    details: '📋 Useful Commands\nJob ID: 1\nTo cancel the job: sky cancel c 1',
  })
})
