import { spawn } from 'node:child_process'
import { existsSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { identify } from '../src/launch/supervised/processes.js'
import {
  gone,
  removeFolder,
  startLaunching,
  task,
  temporaryFolder,
  waitFor,
} from './support/launching.js'
import { launchLocally } from './support/local-launch.js'

const request = { node_id: 'node', provider: 'local', region: 'local', gpu: 'cpu' }

/** Ways to spoil a file that the supervisor writes. */
const SPOILERS = [
  ['garbage', (file: string) => `echo garbage > ${file}`],
  ['nothing', (file: string) => `: > ${file}`],
  ['JSON of another shape', (file: string) => `echo '{"pid":"x","step":7,"port":-1}' > ${file}`],
  ['a folder', (file: string) => `rm -f ${file}; mkdir ${file}`],
  ['a named pipe', (file: string) => `rm -f ${file}; mkfifo ${file}`],
  ['a link to an endless file', (file: string) => `rm -f ${file}; ln -s /dev/zero ${file}`],
  ['two gigabytes', (file: string) => `truncate -s 2G ${file}`],
] as const
const FILES = ['supervisor.json', 'run.json', 'end.json', 'output.log']

test.each(FILES)(
  'a task that spoils %s makes a node that can be deleted',
  { timeout: 90_000 },
  async (name) => {
    const { server, folder } = await startServer()
    const nodes = SPOILERS.map(([, spoil], i) => ({ id: `node-${i}`, spoil }))
    for (const { id, spoil } of nodes) {
      const run = `for d in .. ../supervisor; do (cd $d && { ${spoil(name)}; }) done 2>&1; touch '${join(folder, id)}'; sleep 92`
      await server.orchestrator.launch({ ...request, node_id: id, task: task({ run }) })
    }
    for (const { id } of nodes) {
      // A launch that has noticed has ended its task at once.
      await waitFor(() => existsSync(join(folder, id)) || !server.orchestrator.running(id))
      await server.orchestrator.terminate(id)
      await waitFor(() => !server.orchestrator.running(id))
      await server.orchestrator.forget(id, async () => {})
    }
    const left = server.faults.filter((fault) =>
      /following/.test(String((fault as { message: string }).message)),
    )
    expect(left).toEqual([])
  },
)

test.each(SPOILERS)(
  'an end of the launch that is %s fails it with that reason',
  async (_, spoil) => {
    const { outcome, line, handle } = await launchLocally({
      task: task({
        run: `echo "here $$"; sleep 0.2; cd ../supervisor && { ${spoil('end.json')}; }; sleep 93`,
      }),
    })
    const pid = Number((await line(/^here/)).slice(5))
    expect((await outcome)?.message).toMatch(/^another program has changed end\.json/)
    await gone(pid)
    await gone(handle.pid)
  },
)

test('an output that was cut short fails the launch with that reason', async () => {
  const { outcome, line, handle } = await launchLocally({
    task: task({ run: 'echo here; sleep 0.3; : > ../supervisor/output.log; sleep 94' }),
  })
  await line(/^here/)
  expect((await outcome)?.message).toMatch(/^another program has changed output\.log/)
  await gone(handle.pid)
})

test('what a task writes beside its own folder changes nothing', async () => {
  const { outcome } = await launchLocally({
    task: task({
      run: 'for f in supervisor end run; do echo x > ../$f.json; done; sleep 0.3; exit 6',
    }),
  })
  expect((await outcome)?.message).toMatch(/^the server left with exit code 6/)
})

test('a forged end ends what runs', async () => {
  const end = '{"step":"run","code":0,"signal":null,"at":"now"}'
  const { outcome, line, handle } = await launchLocally({
    task: task({
      run: `echo "here $$"; sleep 0.2; echo '${end}' > ../supervisor/end.json; sleep 95`,
    }),
  })
  const pid = Number((await line(/^here/)).slice(5))
  await outcome
  expect(identify(pid)).toBeUndefined()
  await gone(handle.pid)
})

test('a forged supervisor’s number ends nobody else', async () => {
  const stranger = identify(spawned()) as { pid: number; started: string }
  const forged = JSON.stringify({ ...stranger, at: 1 })
  const { launcher, launch, line, handle } = await launchLocally({
    task: task({ run: `echo '${forged}' > ../supervisor/supervisor.json; echo done; sleep 96` }),
  })
  await line(/^done/)
  // Its handle was not stored: the server died before.
  await launcher.cancel(launch, undefined)
  expect(identify(stranger.pid)).toEqual(stranger)
  expect(identify(handle.pid)).toBeUndefined()
})

test('a launch that the version before has started is followed and ended', async () => {
  const { folder, launcher, launch, handle, line } = await launchLocally({
    task: task({ run: 'echo here; sleep 97' }),
  })
  await line(/^here/)
  // That version had the files beside `work`.
  for (const name of readdirSync(join(folder, 'supervisor'))) {
    renameSync(join(folder, 'supervisor', name), join(folder, name))
  }
  removeFolder(join(folder, 'supervisor'))
  const lines: string[] = []
  const state = { phase: 'queued', progress: 0 } as const
  const leave = new AbortController()
  const news = launcher.attach(launch, handle, { state, signal: leave.signal })
  for (let next = await news.next(); !next.done; next = await news.next()) {
    if (next.value.type === 'lines') lines.push(...next.value.lines.map(({ text }) => text))
    if (lines.includes('here')) leave.abort()
  }
  expect(lines).toContain('launchtail: the task has no setup')
  await launcher.cancel(launch, undefined)
  expect(identify(handle.pid)).toBeUndefined()
})

async function startServer() {
  const folder = temporaryFolder()
  const server = await startLaunching({ folder })
  onTestFinished(async () => {
    await server.stop()
    removeFolder(folder)
  })
  await server.orchestrator.resume()
  return { server, folder }
}

function spawned(): number {
  const { pid = 0 } = spawn('sleep', ['98'], { detached: true, stdio: 'ignore' })
  onTestFinished(() => void process.kill(pid, 'SIGKILL'))
  return pid
}
