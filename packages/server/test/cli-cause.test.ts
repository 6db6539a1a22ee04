import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startCommand } from './support/command.js'
import { endAll, type RunningServer, startServer } from './support/processes.js'

const OUTPUT = `INFO 01-02 03:04:05 [api.py:1] vLLM API server version 0.20.0
torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB.
the flux capacitor is not charged
RuntimeError: Engine core initialization failed. See root cause above.
`
let server: RunningServer
beforeAll(async () => {
  server = await startServer()
  await failed('broken')
})
afterAll(endAll)

async function failed(node_id: string): Promise<void> {
  await server.post('/admin/nodes', { node_id })
  await server.post(`/admin/nodes/${node_id}/logs`, OUTPUT, { 'Content-Type': 'text/plain' })
  const last = { message: 'it gave up', level: 'error', phase: 'failed' }
  await server.post(`/admin/nodes/${node_id}/logs`, last)
}

const run = (...args: string[]) => startCommand(server.url, args).ended

describe('cause', () => {
  it('shows why a launch failed, its lines with their numbers, and what to do', async () => {
    const { stdout, code } = await run('cause', 'broken')
    expect(stdout.split('\n')).toEqual([
      'failed in model_loading: torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB. (line 2)',
      'line 4: RuntimeError: Engine core initialization failed. See root cause above.',
      'it gave up',
      expect.stringMatching(/^gpu_out_of_memory: Use a GPU with more memory/),
      '',
    ])
    expect(code).toBe(0)
    const json = await run('cause', 'broken', '--json')
    expect(JSON.parse(json.stdout)).toMatchObject({ evidence: [{ index: 1 }, { index: 3 }] })
  })

  it('names another line, says so, and takes it back', async () => {
    const { stdout: before } = await run('cause', 'broken')
    const named = await run('cause', 'broken', '--line', '3')
    expect(named.stdout).toMatch(/: the flux capacitor is not charged \(line 3, named by hand\)\n/)
    expect(named.stdout).toContain('\nunknown: ')
    const coded = await run('cause', 'broken', '--code', 'gpu_fault')
    expect(coded.stdout).toContain('(line 3, named by hand)')
    expect(coded.stdout).toContain('\ngpu_fault: ')
    const status = await run('status', 'broken')
    expect(status.stdout).toContain('the flux capacitor is not charged (line 3, named by hand)')
    expect(await run('cause', 'broken', '--undo')).toMatchObject({ stdout: before, code: 0 })
  })

  it('says what is wrong with what it is given', async () => {
    await server.post('/admin/nodes', { node_id: 'begun' })
    for (const [args, code, words] of [
      [['broken', '--line', '0'], 1, 'lines count from 1'],
      [['broken', '--line', '99'], 4, 'there is no line 99'],
      [['broken', '--line', '-1'], 1, 'whole number'],
      [['broken', '--code', 'disk_ful'], 1, 'disk_full'],
      [['broken', '--undo', '--line', '1'], 1, 'cannot be used with'],
      [['begun'], 4, 'has not failed'],
      [['begun', '--line', '1'], 4, 'has not failed'],
      [['nobody'], 4, 'no node is called "nobody"'],
    ] as const) {
      const told = await run('cause', ...args)
      expect([args, told.code, told.stdout]).toEqual([args, code, ''])
      expect(told.stderr).toMatch(/^launchtail: [^\n]+\n$/)
      expect(told.stderr).toContain(words)
    }
  })
})

it('logs shows the numbers of lines, and at the end the lines that show why it failed', async () => {
  const numbered = await run('logs', 'broken', '--numbers', '--tail', '3')
  expect(numbered.stdout.split('\n').map((line) => line.slice(0, 7))).toEqual([
    '     3 ',
    '     4 ',
    '     5 ',
    '',
  ])
  const followed = await run('logs', '-f', 'broken')
  expect(followed.stdout.split('\n').slice(-4)).toEqual([
    expect.stringMatching(/^failed in model_loading: torch\.OutOfMemoryError.* \(line 2\)$/),
    expect.stringMatching(/^line 4: RuntimeError: Engine core/),
    expect.stringMatching(/^Use a GPU with more memory/),
    '',
  ])
  expect(followed.code).toBe(2)
})
