import { afterAll, expect, test } from 'vitest'
import { startCommand } from './support/command.js'
import { endAll, startServer } from './support/processes.js'

afterAll(endAll)

const TASK = `envs: {BREAK: ""}
run: |
  if [ -n "$BREAK" ]; then echo "ValueError: $BREAK" >&2; exit 3; fi
  exec python3 -m http.server "$PORT" --bind 127.0.0.1
`

test('a group is launched, shown, updated and ended from the command line', async () => {
  const server = await startServer()
  const run = (words: string, input = '') =>
    startCommand(server.url, words.split(' '), { input }).ended
  const launch = 'launch --file - --readiness-path / --replicas 2 --group-id duo'
  const launched = await run(`${launch} --wait`, TASK)
  expect([launched.code, launched.stderr]).toEqual([0, ''])
  expect(launched.stdout).toMatch(/^Launching 2 nodes as group duo: duo-1, duo-2\n/)
  expect(launched.stdout).toMatch(/^duo-1 .* queued .*\n/m)
  expect(launched.stdout).toMatch(/\nduo: 2 of 2 active\n$/)

  expect((await run('group')).stdout).toMatch(
    /^GROUP +STATE +ACTIVE +UPDATE\nduo +active +2 of 2\n$/,
  )
  const shown = await run('group duo')
  expect(shown.stdout).toMatch(/^group {5}duo\nstatus {4}active, 2 of 2 active\ncreated /)
  expect(shown.stdout).toMatch(/\nduo-1 +member +active +http:\/\/127/)

  const failed = await run('group update duo --env BREAK=broken --wait')
  expect(failed.code).toBe(2)
  expect(failed.stdout).toMatch(/^Replacing 2 of the nodes of duo\n/)
  expect(failed.stdout.match(/^.* queued .*$/gm)).toEqual([expect.stringMatching(/^duo-3 /)])
  expect(failed.stdout).toMatch(/\nduo: stopped, 0 of 2 replaced\n$/)
  expect((await run('group duo')).stdout).toMatch(/\nupdate.*\n +duo-3: .*broken\n/)

  const updated = await run('group update duo --only duo-2 --wait -q')
  expect([updated.code, updated.stdout]).toEqual([0, 'duo\n'])
  const after = JSON.parse((await run('group --json duo')).stdout)
  expect(after).toMatchObject({ status: 'active', update: { state: 'done', replaced: 1 } })
  const followed = await run('logs -f --group duo -o raw --tail all')
  expect(followed.stdout.split('\n').filter((line) => line.startsWith('Node is active'))).toEqual(
    [],
  )

  const more = await run('group update duo --replicas 3 --wait')
  expect([more.code, more.stdout]).toEqual([
    0,
    expect.stringMatching(/^duo: 1 added\n[\s\S]*\nduo: done, 1 of 1 added\n$/),
  ])
  const less = await run('group update duo --replicas 2 --wait')
  expect(less.stdout).toMatch(/^duo: 1 removed\n[\s\S]*\nduo: done, 1 removed\n$/)

  expect((await run('group delete duo')).stderr).toContain('terminate the group first')
  expect((await run('group terminate duo')).stdout).toBe('duo is being terminated\n')
  await run('logs -f --group duo')
  expect((await run('group delete duo')).stdout).toBe('duo is deleted\n')
  expect((await run('group duo')).code).toBe(4)
  const plan = await run('launch --file - --replicas 2 --dry-run', TASK)
  expect([plan.code, plan.stdout]).toEqual([
    0,
    expect.stringContaining('\n\n2 nodes of it would be launched.\n\n'),
  ])
  for (const [words, why] of [
    ['launch --file - --group-id x', '--group-id needs --replicas'],
    ['launch --file - --replicas 2 --node-id x', 'name them with --group-id'],
    ['logs --group duo', '--group needs -f'],
    ['logs -f --group duo --all', '--all and --group exclude each other'],
  ] as const) {
    const { code, stderr } = await run(words, TASK)
    expect([words, code, stderr]).toEqual([words, 1, expect.stringContaining(why)])
  }
}, 120_000)
