import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readCorpus } from '../../../scripts/reading/corpus.js'
import { judgeCorpus } from '../../../scripts/reading/judge-corpus.js'
import { read } from '../../../scripts/reading/read.js'
import { transcriptOf } from '../src/output/transcript.js'
import { startCommand } from './support/command.js'
import {
  endAll,
  PROGRAM,
  type RunningServer,
  startServer,
  TOKEN,
  temporaryFolder,
} from './support/processes.js'
import { transcripts } from './support/transcripts.js'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

/** Lines of several tools, whoever passes them on. */
const OUTPUT = `⚙︎ Launching on AWS us-east-1 (us-east-1a).
I 01-02 03:04:05 instance.py:9] Got it
(setup pid=7) Collecting vllm
(setup pid=7) bash: line 3: uv: command not found
(EngineCore_DP0 pid=9) INFO 01-02 03:04:05 [core.py:7] Loading
(EngineCore_DP0 pid=9) ERROR 01-02 03:04:05 [core.py:7] Traceback (most recent call last):
(EngineCore_DP0 pid=9) ERROR 01-02 03:04:05 [core.py:7]   File "a.py", line 1, in f
(EngineCore_DP0 pid=9) ERROR 01-02 03:04:05 [core.py:7] OddError: the odd thing
vllm-1  | 2024-01-02 03:04:05,678 - a.b - WARNING - Watch out
[pod/vllm-7c9f-abcde/vllm] Loading
[rank1]: it is slow
{"level":"ERROR","time":"2026-01-02T03:04:05Z","logger":"a","msg":"It broke","error":"no cable"}
Traceback (most recent call last):
  File "b.py", line 2, in g
    g()
LookupError: nobody knows
thread 'main' panicked at src/main.rs:1:2:
it broke
`

async function entriesOf(bytes: Buffer) {
  return (await read([bytes])).entries.flat()
}

async function again(bytes: Buffer) {
  const first = await read([bytes])
  const lines = transcriptOf(first.entries.flat()).flat()
  return { first, second: await read(lines.map((line) => Buffer.from(`${line}\n`))) }
}

describe('what was read, written as lines', () => {
  it('is read as the same entries', async () => {
    const { first, second } = await again(Buffer.from(OUTPUT))
    expect(second.entries.flat()).toEqual(first.entries.flat())
    expect(second.failure).toEqual(first.failure)
  })

  it('has no head where there was none, and names a level only where it would be lost', async () => {
    const plain = ['Collecting vllm', 'Traceback (most recent call last):', '  File "b.py", line 2']
    expect(transcriptOf(await entriesOf(Buffer.from(plain.join('\n')))).flat()).toEqual(plain)
    const [said] = await entriesOf(Buffer.from('The cable is loose\n'))
    const { message, ...entry } = said as NonNullable<typeof said>
    const [lines] = transcriptOf([{ ...entry, level: 'error', message: `${message}\nand torn` }])
    expect(lines).toEqual([
      '2026-01-02T03:04:05.000Z  ERROR The cable is loose',
      '2026-01-02T03:04:05.000Z  ERROR and torn',
    ])
  })

  it.skipIf(!transcripts)(
    'has the same cause, for every genuine log',
    async () => {
      const corpus = await readCorpus(transcripts as string)
      let [entries, phases] = [0, 0]
      for (const { file, bytes } of corpus) {
        const { first, second } = await again(bytes)
        const said = ({ entries }: typeof first) =>
          entries.flat().map(({ level, message }) => ({ level, message }))
        expect([file, said(second)]).toEqual([file, said(first)])
        const why = ({ failure }: typeof first) => ({ code: failure?.code, says: failure?.message })
        expect([file, why(second)]).toEqual([file, why(first)])
        const [before, after] = [first.entries.flat(), second.entries.flat()]
        entries += before.length
        phases += before.filter(({ phase }, i) => phase === after[i]?.phase).length
      }
      expect(phases / entries).toBeGreaterThan(0.99)
    },
    60_000,
  )
})

describe('transcript', () => {
  let server: RunningServer
  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(endAll)

  async function failed(node_id: string, output = OUTPUT): Promise<void> {
    await server.post('/admin/nodes', { node_id })
    await server.post(`/admin/nodes/${node_id}/logs`, output, { 'Content-Type': 'text/plain' })
    const last = { message: 'exit code 1', level: 'error', phase: 'failed' }
    await server.post(`/admin/nodes/${node_id}/logs`, last)
  }

  /** As a shell does it that sends the output to a file. */
  async function written(file: string, ...args: string[]) {
    const child = spawn(process.execPath, [PROGRAM, 'transcript', ...args], {
      env: { PATH: process.env.PATH, LAUNCHTAIL_URL: server.url, LAUNCHTAIL_ADMIN_TOKEN: TOKEN },
      stdio: ['ignore', openSync(file, 'w'), 'pipe'],
    })
    let stderr = ''
    child.stderr?.on('data', (chunk) => {
      stderr += chunk
    })
    const [code] = await once(child, 'close')
    return { code, stderr }
  }

  it('writes what `npm run reading` judges: the cause by hand is missed, the one that was read is not', async () => {
    const folder = await temporaryFolder()
    const index = join(folder, 'index.json')
    await failed('as-read')
    await failed('by-hand')
    const named = await startCommand(server.url, ['cause', 'by-hand', '--line', '12']).ended
    expect(named.stdout).toContain('It broke')
    for (const id of ['as-read', 'by-hand']) {
      // The second time it replaces the first.
      for (let i = 0; i < 2; i += 1) {
        const args = [id, '--index', index, '--tool', 'vLLM']
        expect(await written(join(folder, `${id}-1.log`), ...args)).toEqual({ code: 0, stderr: '' })
      }
    }
    const rows = JSON.parse(await readFile(index, 'utf8'))
    expect(rows).toMatchObject([
      { file: 'as-read-1.log', tool: 'vLLM', outcome: 'failed', cause: { line: 8 } },
      { file: 'by-hand-1.log', source: expect.stringMatching(/a person/), cause: { line: 12 } },
    ])
    const { variants, logs } = await judgeCorpus(await readCorpus(folder))
    expect(variants[0]?.all).toMatchObject({
      cause: { right: 1, of: 2 },
      premature: 0,
      lost: 0,
    })
    expect(logs.map(({ judged }) => judged.misses.length > 0)).toEqual([false, true])

    const script = ['--conditions=launchtail-source', 'scripts/reading.ts', '--misses', folder]
    const reading = spawn(join(ROOT, 'node_modules/.bin/tsx'), script, { cwd: ROOT })
    let said = ''
    reading.stdout.on('data', (chunk) => {
      said += chunk
    })
    expect(await once(reading, 'close')).toEqual([0, null])
    expect(said).toMatch(/^vLLM .* 1\/2 50%/m)
    expect(said).toMatch(
      /by-hand-1\.log\n {2}cause: line 12, "It broke: no cable"; read as "OddError/,
    )
  }, 30_000)

  it('has the newest launch alone, without what its launcher said of its end', async () => {
    await failed('twice', 'the first\n')
    await server.post('/admin/nodes/twice/logs', [
      { message: 'the second', phase: 'queued' },
      { message: 'nothing else', phase: 'failed' },
    ])
    const { stdout, stderr, code } = await startCommand(server.url, ['transcript', 'twice']).ended
    expect({ stdout, code }).toEqual({ stdout: 'the second\n', code: 0 })
    expect(JSON.parse(stderr)).toMatchObject({ file: 'twice.log', outcome: 'failed', cause: null })
  })

  it('keeps what the launcher said where that alone is the cause', async () => {
    await server.post('/admin/nodes', { node_id: 'told' })
    await server.post('/admin/nodes/told/logs', [
      { message: 'hello', phase: 'model_loading' },
      { message: 'CUDA out of memory', level: 'error', phase: 'failed' },
    ])
    const { stdout, stderr } = await startCommand(server.url, ['transcript', 'told']).ended
    expect(stdout).toMatch(/^hello\n.*CUDA out of memory\n$/)
    expect(JSON.parse(stderr)).toMatchObject({ cause: { line: 2, code: 'gpu_out_of_memory' } })
  })

  it('holds no secret, and says what is wrong', async () => {
    await failed('secret', 'login with hf_AbCdEfGhIjKlMnOpQrStUvWxYz01234567\n')
    const { stdout, stderr } = await startCommand(server.url, ['transcript', 'secret']).ended
    expect(stdout).toBe('login with ***\n')
    expect(stderr).not.toContain('hf_')
    await server.post('/admin/nodes', { node_id: 'silent' })
    const silent = await startCommand(server.url, ['transcript', 'silent']).ended
    expect(silent).toMatchObject({ code: 1, stderr: 'launchtail: there is no log to write\n' })
    const folder = await temporaryFolder()
    const index = join(folder, 'index.json')
    await writeFile(index, '{"not":"a list"}')
    const refused = await startCommand(server.url, ['transcript', 'secret', '--index', index]).ended
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toMatch(/is not an index of transcripts: it must be a JSON list\n$/)
    expect(await readFile(index, 'utf8')).toBe('{"not":"a list"}')
  })
})
