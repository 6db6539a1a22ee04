import { spawnSync } from 'node:child_process'
import { closeSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Launch } from '../src/launch/launcher.js'
import { localLauncher } from '../src/launch/local/launcher.js'
import { freePort } from '../src/launch/local/port.js'
import { commandFor, findShell } from '../src/launch/local/shell.js'
import { identify, membersOf } from '../src/launch/supervised/processes.js'
import {
  contentOf,
  gone,
  removeFolder,
  serverScript,
  task,
  temporaryFolder,
  waitFor,
} from './support/launching.js'
import { launchLocally } from './support/local-launch.js'

test('gives the output in its order, both streams in one', async () => {
  const { outcome, lines } = await launchLocally({
    task: task({ setup: 'echo one; echo two >&2; echo three', run: 'pwd; exit 4' }),
  })
  expect(await outcome).toMatchObject({
    message: 'the server left with exit code 4 before it was ready',
  })
  expect(lines.map((text) => text.replace(/port \d+$/, 'port N'))).toEqual([
    'launchtail: preparing a folder and a port',
    'launchtail: this machine is ready',
    'launchtail: setup started',
    'one',
    'two',
    'three',
    'launchtail: setup finished',
    'launchtail: run started on port N',
    expect.stringMatching(/\/work$/),
  ])
})

test('reports the endpoint once the server answers', async () => {
  const { words, all, line } = await launchLocally({ task: task({ run: serverScript() }) })
  const port = /\d+$/.exec(await line(/run started/))?.[0]
  await waitFor(() => words.includes('active'))
  expect(words).toEqual(['health_check', 'active'])
  expect(all.at(-1)).toMatchObject({
    type: 'word',
    draft: {
      message: 'Node is ready and serving requests!',
      progress: 100,
      details: `http://127.0.0.1:${port}`,
    },
  })
})

test('a line is out before the next one is written', async () => {
  const folder = temporaryFolder()
  onTestFinished(() => removeFolder(folder))
  const { outcome, all } = await launchLocally({
    task: task({
      run: `for i in 1 2 3; do echo line $i; until [ -e '${folder}'/$i ]; do sleep 0.01; done; done`,
    }),
  })
  for (const i of [1, 2, 3]) {
    await waitFor(() =>
      all.some(
        (news) => news.type === 'lines' && news.lines.some(({ text }) => text === `line ${i}`),
      ),
    )
    writeFileSync(join(folder, `${i}`), '')
  }
  expect((await outcome)?.message).toMatch(/exit code 0/)
})

test.each([
  ['a failing setup', { setup: 'exit 3', run: 'x' }, 'setup failed with exit code 3'],
  ['a setup that is killed', { setup: 'kill -9 $$', run: 'x' }, 'setup was ended by SIGKILL'],
  ['a run that just ends', { run: 'true' }, 'the server left with exit code 0 before it was ready'],
  ['a signal', { run: 'kill -SEGV $$' }, 'the server was ended by SIGSEGV before it was ready'],
  [
    'a signal the shell reports',
    { run: "sh -c 'kill -9 $$'; exit $?" },
    'the server left with exit code 137 (SIGKILL) before it was ready',
  ],
  [
    'a server that ends after it was ready',
    { run: serverScript({ afterwards: 'setTimeout(() => process.exit(2), 300)' }) },
    'the server left with exit code 2',
  ],
  [
    'an environment that is too large',
    { run: 'true', envs: { A: 'a'.repeat(200_000) } },
    'run could not be started: spawn E2BIG',
  ],
])('tells of %s', async (_, { setup, run, envs }: Record<string, unknown>, message) => {
  const { outcome } = await launchLocally({ task: task({ setup, run, envs }) })
  expect((await outcome)?.message).toBe(message)
})

test('the last lines of output come before the outcome, and into it', async () => {
  const { outcome, lines } = await launchLocally({
    task: task({ run: 'seq 1 20000; printf "CUDA out of memory"; exit 1' }),
  })
  expect((await outcome)?.details).toBe('19999\n20000\nCUDA out of memory')
  expect(lines.slice(-2)).toEqual(['20000', 'CUDA out of memory'])
  expect(lines.filter((text) => /^\d+$/.test(text))).toHaveLength(20_000)
})

test('a launch that does not get ready in time is ended', async () => {
  const { outcome, handle, lines } = await launchLocally({
    launchTimeout: 700,
    task: task({
      run: 'echo waiting; trap "echo told to end; exit 1" TERM; while :; do sleep 0.05; done',
    }),
  })
  expect((await outcome)?.message).toBe('not ready within 0.7s')
  expect(lines).toContain('told to end')
  await gone(handle.pid)
})

test('a port that was asked for and is taken is no endpoint of the launch', async () => {
  const server = createServer((_, response) => response.end())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as { port: number }
  const { outcome, words } = await launchLocally({
    task: task({ run: 'sleep 5' }),
    envs: { PORT: String(port) },
  })
  expect((await outcome)?.message).toBe(`run could not be started: port ${port} is in use`)
  expect(words).toEqual([])
})

test('a launch’s port is kept from all others, and is none that the system gives away', async () => {
  const ports = await Promise.all(Array.from({ length: 200 }, () => freePort()))
  expect(new Set(ports).size).toBe(ports.length)
  expect(Math.max(...ports)).toBeLessThan(32_768)
  // It is another process that chooses here.
  const printed = Array.from({ length: 20 }, () =>
    launchLocally({ task: task({ run: 'echo "port=$PORT"; exit 1' }) }).then(
      async ({ lines, outcome }) => {
        await outcome
        return Number(lines.join().match(/port=(\d+)/)?.[1])
      },
    ),
  )
  const theirs = await Promise.all(printed)
  expect(theirs.every((port) => port > 1024 && port < 32_768)).toBe(true)
  expect(theirs.filter((port) => ports.includes(port))).toEqual([])
})

test('the environment holds nothing of the server’s but what it is told to pass on', async () => {
  const { PATH, HOME } = process.env
  const server = { LAUNCHTAIL_ADMIN_TOKEN: 'a', REDIS_URL: 'b', DATABASE_URL: 'c', EXTRA: 'd' }
  const { lines, outcome } = await launchLocally({
    env: { PATH, HOME, LANG: 'C', SKYPILOT_SERVICE_ACCOUNT_TOKEN: 'e', ...server },
    passEnv: ['EXTRA'],
    task: task({
      envs: { FROM_TASK: '1' },
      // What started it is no way around.
      run: 'env; tr "\\0" "\\n" < /proc/$PPID/environ 2> /dev/null',
    }),
  })
  await outcome
  const names = lines.flatMap((text) => /^(\w+)=/.exec(text)?.[1] ?? [])
  const shells = ['PWD', 'OLDPWD', 'SHLVL', '_']
  expect([...new Set(names)].filter((name) => !shells.includes(name)).sort()).toEqual([
    'EXTRA',
    'FROM_TASK',
    'HOME',
    'LANG',
    'LAUNCHTAIL_LAUNCH',
    'PATH',
    'PORT',
  ])
})

test.each(['$(id)', '`id`', '; id', 'a\nb', '--flag', '"\'', '$HOME', '\\'])(
  'the value %j is a value',
  async (value) => {
    const { lines, outcome } = await launchLocally({
      task: task({ run: 'printf "<%s><%s>\\n" "$MODEL" "$(printf %s "$SECRET" | wc -c)"' }),
      envs: { MODEL: value },
      secrets: { SECRET: value },
    })
    await outcome
    const printed = lines.slice(lines.findIndex((text) => text.startsWith('<'))).join('\n')
    expect(printed).toBe(`<${value.length < 6 ? value : '***'}><${value.length}>`)
  },
)

test('no secret is ever in the folder', async () => {
  const { folder, lines, line } = await launchLocally({
    task: task({
      secrets: { OWN: 'own-secret-of-the-task' },
      setup: 'echo "own: $OWN, token: $TOKEN"; printf "\\033[31m%s\\033[0m\\n" "$TOKEN"',
      run: 'printf "%s" "$TOKEN" | base64; echo "$TOKEN" >&2; echo said; sleep 60',
    }),
    secrets: { TOKEN: 'one-more-secret-of-the-request' },
  })
  await line(/^said$/)
  const content = contentOf(folder)
  expect(content).not.toContain('own-secret-of-the-task')
  expect(content).not.toContain('one-more-secret')
  expect(content).not.toContain(Buffer.from('one-more-secret-of-the-request').toString('base64'))
  expect(lines).toContain('own: ***, token: ***')
  expect(statSync(join(folder, 'supervisor/output.log')).mode & 0o777).toBe(0o600)
})

test('neither scripts nor values are on a command line', async () => {
  const { handle, line } = await launchLocally({
    task: task({ run: 'echo there; sleep 60 # hidden-word' }),
    secrets: { TOKEN: 'one-more-secret-of-the-request' },
  })
  await line(/^there$/)
  const commands = membersOf({ leader: handle }).map(({ pid }) =>
    readFileSync(`/proc/${pid}/cmdline`, 'utf8'),
  )
  expect(commands.length).toBeGreaterThan(1)
  expect(commands.join()).not.toMatch(/hidden-word|one-more-secret/)
})

test('keeps progress bars and colours, and cuts a line without end', async () => {
  const { outcome, all } = await launchLocally({
    task: task({
      run: 'printf "10%%\\r20%%\\r30%%\\n\\033[32mgreen\\033[0m\\n"; head -c 300000 /dev/zero | tr "\\0" x',
    }),
  })
  await outcome
  const lines = all.flatMap((news) => (news.type === 'lines' ? news.lines : []))
  const from = lines.findIndex(({ text }) => text === '10%')
  expect(lines.slice(from, from + 4).map(({ text, transient }) => [text, transient])).toEqual([
    ['10%', true],
    ['20%', true],
    ['30%', false],
    ['\x1b[32mgreen\x1b[0m', false],
  ])
  expect(lines.at(-1)?.text).toMatch(/^x{50000,} … \[cut: \d+ bytes left out\]$/)
})

test('cancel ends grandchildren, also those that hide in a group of their own', async () => {
  const { launcher, launch, handle, lines, line, outcome } = await launchLocally({
    task: task({
      setup: 'sleep 61 & echo "left $!"',
      run: `sh -c 'sleep 62 & echo "grand $!"; wait' &
        timeout 63 sh -c 'trap "" TERM; echo "deaf $$"; while :; do sleep 1; done' &
        echo begun; wait`,
    }),
  })
  await line(/^deaf/)
  await line(/^grand/)
  const pids = lines.flatMap((text) => /^(?:left|grand|deaf) (\d+)$/.exec(text)?.[1] ?? [])
  expect(pids).toHaveLength(3)
  expect(membersOf({ leader: handle }).length).toBeGreaterThan(5)
  await Promise.all([launcher.cancel(launch, handle), launcher.cancel(launch, handle)])
  expect(membersOf({ leader: handle })).toEqual([])
  for (const pid of pids) expect(identify(Number(pid))).toBeUndefined()
  expect((await outcome)?.message).toMatch(/^the server (was ended by|left with)/)
  await launcher.cancel(launch, handle)
})

test('what a run leaves behind ends with it', async () => {
  const { outcome, lines, handle } = await launchLocally({
    task: task({ run: 'sleep 64 & echo "left $!"; exit 0' }),
  })
  expect((await outcome)?.message).toMatch(/exit code 0/)
  const pid = Number(/\d+/.exec(lines.find((text) => text.startsWith('left')) ?? '')?.[0])
  await gone(pid)
  await gone(handle.pid)
})

test('a supervisor that is killed takes the launch with it', async () => {
  const { outcome, handle, line } = await launchLocally({
    task: task({ run: 'echo "here $$"; sleep 65' }),
  })
  const pid = Number((await line(/^here/)).slice(5))
  process.kill(handle.pid, 'SIGKILL')
  expect(await outcome).toMatchObject({
    message: `the process that watched over the launch (${handle.pid}) is gone; what it had started was ended`,
  })
  await gone(pid)
})

test('cancel ends the children of a supervisor that is gone', async () => {
  const { launcher, launch, handle, line } = await launchLocally({
    task: task({ run: 'trap "" PIPE; echo "here $$"; sleep 66' }),
  })
  const pid = Number((await line(/^here/)).slice(5))
  process.kill(handle.pid, 'SIGKILL')
  await launcher.cancel(launch, handle)
  expect(identify(pid)).toBeUndefined()
})

test('starting it again finds what runs, and reading it again gives the same', async () => {
  const { launcher, launch, handle, lines, line } = await launchLocally({
    task: task({ run: 'echo "here $$"; sleep 67' }),
  })
  await line(/^here/)
  expect(await launcher.start(launch)).toEqual(handle)
  const again: string[] = []
  const leave = new AbortController()
  const state = { phase: 'queued', progress: 0 } as const
  for await (const news of launcher.attach(launch, handle, { state, signal: leave.signal })) {
    if (news.type === 'lines') again.push(...news.lines.map(({ text }) => text))
    if (again.length >= lines.length) leave.abort()
  }
  expect(again).toEqual(lines)
})

test('two starts at once start one', async () => {
  const folder = temporaryFolder()
  const launcher = localLauncher({ env: process.env, passEnv: [], launchTimeout: 60_000 })
  const request = {
    ...{ provider: 'local', region: 'local', gpu: 'cpu' },
    task: task({ run: 'echo once >> ../count; sleep 68' }),
  }
  const launch: Launch = { nodeId: 'node', clusterName: 'cluster', request, folder }
  const handles = await Promise.all([launcher.start(launch), launcher.start(launch)])
  onTestFinished(async () => {
    await launcher.cancel(launch, handles[0])
    removeFolder(folder)
  })
  expect(handles[0]).toEqual(handles[1])
  await waitFor(() => contentOf(folder).includes('once'))
  expect(readFileSync(join(folder, 'count'), 'utf8')).toBe('once\n')
})

test('what was cancelled before it began never begins', async () => {
  const folder = temporaryFolder()
  const launcher = localLauncher({ env: process.env, passEnv: [], launchTimeout: 60_000 })
  const request = {
    ...{ provider: 'local', region: 'local', gpu: 'cpu' },
    task: task({ run: 'true' }),
  }
  const launch: Launch = { nodeId: 'node', clusterName: 'cluster', request, folder }
  onTestFinished(() => removeFolder(folder))
  await launcher.cancel(launch, undefined)
  await expect(launcher.start(launch)).rejects.toThrow('cancelled before it began')
})

test('a process that has the number of a supervisor of old is left alone', async () => {
  const { launcher, handle, line } = await launchLocally({
    task: task({ run: 'echo here; sleep 69' }),
  })
  await line(/^here/)
  const launch = { ...oldLaunch, folder: temporaryFolder() }
  onTestFinished(() => removeFolder(launch.folder))
  await launcher.cancel(launch, { ...handle, started: handle.started.replace(/\d+$/, '1') })
  await launcher.cancel(launch, { ...handle, started: handle.started.replace(/^[^/]*/, 'another') })
  expect(identify(handle.pid)).toEqual({ pid: handle.pid, started: handle.started })
})

const oldLaunch: Omit<Launch, 'folder'> = {
  nodeId: 'old',
  clusterName: 'cluster',
  request: { provider: 'local', region: 'local', gpu: 'cpu' },
}

test.each([findShell(process.env.PATH), '/bin/sh'])(
  '%s runs a script it is only given',
  (shell) => {
    const file = join(temporaryFolder(), 'script')
    onTestFinished(() => removeFolder(join(file, '..')))
    writeFileSync(file, 'echo out; nonesuch; echo err >&2; exit 5')
    const fd = openSync(file, 'r')
    const [command, ...words] = commandFor(shell, 'setup')
    const { stdout, status } = spawnSync(command, words, {
      stdio: ['ignore', 'pipe', 'pipe', fd],
      encoding: 'utf8',
    })
    closeSync(fd)
    expect(stdout).toMatch(/^out\nsetup: .*nonesuch: .*not found\nerr\n$/)
    expect(status).toBe(5)
  },
)

test('a launch whose folder is removed is ended', async () => {
  const { folder, handle, outcome, line } = await launchLocally({
    task: task({ run: 'echo here; sleep 70' }),
  })
  await line(/^here/)
  removeFolder(folder)
  expect((await outcome)?.message).toBe('the folder of the launch is gone')
  await gone(handle.pid)
})
