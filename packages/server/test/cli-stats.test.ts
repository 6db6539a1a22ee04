import { afterAll, beforeAll, expect, it } from 'vitest'
import { startCommand, startOnTerminal } from './support/command.js'
import { endAll, type RunningServer, startServer } from './support/processes.js'

let server: RunningServer

beforeAll(async () => {
  server = await startServer()
})
afterAll(endAll)

const run = (...args: string[]) => startCommand(server.url, ['stats', ...args]).ended

/** A launch that took two minutes, and ended in the morning of a day. */
async function launched(id: string, about: object, end: object, day = '01'): Promise<void> {
  await server.post('/admin/nodes', { node_id: id, ...about })
  const at = (time: string) => `2026-02-${day}T${time}Z`
  const entries = [
    { phase: 'queued', message: 'asked for', timestamp: at('09:00:00') },
    { phase: 'provisioning', message: 'provisioning', timestamp: at('09:00:30') },
    { message: 'the end', timestamp: at('09:02:00'), ...end },
  ]
  expect((await server.post(`/admin/nodes/${id}/logs`, entries)).status).toBe(202)
}

const ACTIVE = { phase: 'active' }
const NO_CAPACITY = { phase: 'failed', level: 'error', details: 'cause: no_capacity' }

it('says so where no launch has ended', async () => {
  expect(await run()).toEqual({ stdout: 'No launch has ended.\n', stderr: '', code: 0 })
})

it('shows how launches ended, how long they took and why they failed', async () => {
  const west = { provider: 'aws', region: 'us-west-2' }
  await launched('one', { ...west, gpu: 'L4' }, ACTIVE)
  await launched('two', { ...west, gpu: 'L4', use_spot: true }, NO_CAPACITY)
  await launched('three', { provider: 'gcp', gpu: 'H100' }, ACTIVE, '02')
  const { stdout, stderr, code } = await run('--by', 'provider,gpu', '--bucket', '1d')
  expect([stderr, code]).toEqual(['', 0])
  const [summary, groups, times, causes, capacity, series] = stdout.split('\n\n')
  expect(summary).toBe(
    [
      '3 launches: 2 succeeded (66.7 % of those not terminated), 1 failed, 0 terminated',
      '1 on spot instances: 0 lost',
      'no price known',
    ].join('\n'),
  )
  expect(groups).toBe(
    [
      'PROVIDER  GPU   LAUNCHES  SUCCEEDED  FAILED  ACTIVE AFTER  95 % WITHIN  SPENT  FIRST CAUSE',
      'aws       L4           2       50 %       1            2m           2m      -  no_capacity',
      'gcp       H100         1      100 %       0            2m           2m      -  -',
    ].join('\n'),
  )
  expect(times).toBe(
    [
      'TIME            LAUNCHES  MEDIAN  95 % WITHIN',
      'until active           2      2m           2m',
      '  queued               3     30s          30s',
      '  provisioning         2   1m30s        1m30s',
    ].join('\n'),
  )
  expect(causes).toBe(
    ['CAUSE        FAILED  SHARE  NEWEST EXAMPLE', 'no_capacity       1  100 %  two'].join('\n'),
  )
  expect(capacity).toBe(
    [
      'NO CAPACITY IN  FAILED  LAUNCHES  WORST HOURS (UTC)',
      'aws us-west-2        1         2  09h 1 of 2',
    ].join('\n'),
  )
  expect(series?.split('\n').slice(0, 3)).toEqual([
    'FROM               SUCCEEDED  FAILED  TERMINATED  ACTIVE AFTER  95 % WITHIN  SPENT',
    '2026-02-01T00:00Z          1       1           0            2m           2m      -',
    '2026-02-02T00:00Z          1       0           0            2m           2m      -',
  ])
})

it('takes a query and times, and gives the whole answer as JSON', async () => {
  const { stdout } = await run('provider:aws', '--json', '--by', 'spot', '--until', '1m')
  const { total, groups, last } = JSON.parse(stdout)
  expect(total).toMatchObject({ launches: 2, succeeded: 1, failed: 1 })
  expect(groups.map((group: { use_spot: boolean }) => group.use_spot).sort()).toEqual([false, true])
  expect(last).toHaveLength(2)
  expect((await run('--since', '1h')).stdout).toBe('No launch has ended.\n')
})

it('counts one launch as one', async () => {
  expect((await run('provider:gcp')).stdout.split('\n')[0]).toBe(
    '1 launch: 1 succeeded (100 % of those not terminated), 0 failed, 0 terminated',
  )
})

it('points at what is wrong in a query, and says what a flag may be', async () => {
  const query = await run('gpu:L4 level:error')
  expect(query.stderr).toBe("launchtail: 'level' is a field of entries, and launches have none\n")
  const bracket = await run('(gpu:L4')
  expect(bracket.stderr).toMatch(/^launchtail: column 1: .*\n {2}\(gpu:L4\n {2}\^\n$/)
  const field = await run('--by', 'colour')
  expect(field.stderr).toContain('"colour": a field is one of provider, region, gpu, model, spot')
  expect([query.code, bracket.code, field.code].every((code) => code !== 0)).toBe(true)
})

it('dims the heads on a terminal alone', async () => {
  const { stdout } = await startOnTerminal(server.url, ['stats']).ended
  expect(stdout).toContain('\u001b[2mTIME')
  expect((await run()).stdout).not.toContain('\u001b')
})
