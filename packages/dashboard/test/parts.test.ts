import { execFileSync } from 'node:child_process'
import { LAUNCH_MODES, READINESS_FROM } from '@launchtail/client/protocol'
import { describe, expect, test } from 'vitest'
import { expectLinear } from '../../server/test/support/linear.js'
import { fc } from '../../server/test/support/property.js'
import { createStreamSlots } from '../src/hub/stream-slots.js'
import { curlOf } from '../src/launch/curl.js'
import { draftOf, EMPTY } from '../src/launch/draft.js'
import { patchTo } from '../src/launch/patch.js'
import { requestOf } from '../src/launch/request.js'
import { linesOfFault } from '../src/launch/task-faults.js'
import { piecesOf, withoutSequences } from '../src/log/ansi.js'
import { createHeights } from '../src/parts/heights.js'
import { span, timeOf } from '../src/parts/times.js'

describe('the heights of rows', () => {
  const heights = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 1500 })
  const changes = fc.array(fc.tuple(fc.nat(1499), fc.integer({ min: 1, max: 400 })))

  test('are added up as one by one, whatever changes', () => {
    fc.assert(
      fc.property(heights, changes, fc.nat(), (list, changes, somewhere) => {
        const rows = createHeights()
        for (const height of list) rows.push(height)
        for (const [row, height] of changes.filter(([row]) => row < list.length)) {
          expect(rows.set(row, height)).toBe(height - (list[row] as number))
          list[row] = height
        }
        const total = list.reduce((sum, height) => sum + height, 0)
        expect(rows.total).toBe(total)
        const row = somewhere % list.length
        const before = list.slice(0, row).reduce((sum, height) => sum + height, 0)
        expect(rows.offsetOf(row)).toBe(before)
        expect(rows.rowAt(before)).toBe(row)
        expect(rows.rowAt(before + (list[row] as number) - 1)).toBe(row)
        expect(rows.rowAt(total + 1000)).toBe(list.length - 1)
      }),
      { numRuns: 50 },
    )
  })
})

describe('log text', () => {
  test('keeps its colours and loses every other sequence', () => {
    expect(piecesOf('a \u001b[1;31mb\u001b[22mc\u001b[0m d')).toEqual([
      { text: 'a ', style: '' },
      { text: 'b', style: 'ansi-1 ansi-31' },
      { text: 'c', style: 'ansi-31' },
      { text: ' d', style: '' },
    ])
    expect(piecesOf('\u001b[38;5;196mx\u001b[48;2;0;0;255my')).toEqual([
      { text: 'x', style: 'ansi-91' },
      { text: 'y', style: 'ansi-91 ansi-104' },
    ])
    expect(
      withoutSequences('\u001b]8;;https://x\u001b\\text\u001b]8;;\u001b\\ \u001b[2K\u001b(Bend'),
    ).toBe('text end')
    // As it is stored: nothing ends the string, so only its introducer is the terminal's.
    expect(withoutSequences('\u001b]0;a title that never ends')).toBe('0;a title that never ends')
  })

  test('never holds a character that acts', () => {
    const hostile = fc.string({ unit: 'binary' }).map((text) => `\u001b[31m\u202e${text}\u0007`)
    fc.assert(
      fc.property(hostile, (text) => {
        for (const piece of piecesOf(text)) {
          expect(piece.text).not.toMatch(
            /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/,
          )
          expect(piece.style).toMatch(/^(ansi-\d+( ansi-\d+)*)?$/)
        }
      }),
    )
  })

  test.each(['\u001b[', '\u001b]8;', '\u001b[1;', '1;', '\u001b[31mx', '\u009b'])(
    'is read in linear time, also a hostile one of nothing but %j',
    (unit) => {
      const text = (size: number) => unit.repeat(Math.ceil(size / unit.length))
      expectLinear('text', (size) => withoutSequences(text(size)))
      expectLinear('pieces', (size) => piecesOf(text(size)))
    },
  )
})

describe('a request as a command', () => {
  test('gives a shell exactly the request, whatever is in it', () => {
    const task = `run: |\n  echo "it's" '$HOME' \`id\` \\\n`
    const more = { envs: 'A=1=2\n\nB=', secrets: 'KEY=hidden' }
    const request = requestOf({ ...EMPTY, kind: 'task', provider: 'local', task, ...more })
    expect(request.secrets).toEqual({ KEY: 'hidden' })
    const command = curlOf({ path: 'nodes/launch', body: request }, "http://x.example/it's")
    // A shell that only prints what curl would be given.
    const script = `curl() { for word; do printf '%s\\0' "$word"; done; }\nTOKEN=secret KEY=given\n${command}`
    const words = execFileSync('sh', ['-c', script]).toString().split('\0')
    expect(words[0]).toBe("http://x.example/it's/admin/nodes/launch")
    expect(words[2]).toBe('X-Admin-Token: secret')
    expect(JSON.parse(words[6] ?? '')).toEqual({
      provider: 'local',
      task,
      envs: { A: '1=2', B: '' },
      secrets: { KEY: 'given' },
    })
    expect(command).not.toContain('hidden')
  })

  test('takes secrets out that another launch is not to have', () => {
    const command = curlOf(
      { path: 'nodes/n/relaunch', body: { secrets: { OLD: null } } },
      'http://x',
    )
    expect(command).toContain('http://x/admin/nodes/n/relaunch')
    expect(command).toMatch(/"OLD": null/)
  })

  test('leaves out what was left empty, and sends numbers as such', () => {
    const draft = { ...EMPTY, provider: ' aws ', region: 'us-east-1', gpu: 'a100', model: 'm' }
    expect(requestOf({ ...draft, gpu_count: '8', use_spot: true, task: 'not this' })).toEqual({
      provider: 'aws',
      region: 'us-east-1',
      gpu: 'a100',
      gpu_count: 8,
      use_spot: true,
      model: 'm',
    })
  })

  test('that was made before is the same again out of the form', () => {
    const word = fc.stringMatching(/^[A-Za-z0-9]+(?: [a-z0-9]+)?$/)
    const count = fc.integer({ min: 1, max: 1024 })
    const names = fc.stringMatching(/^[A-Z_][A-Z0-9_]*$/)
    const envs = fc.dictionary(names, fc.string({ unit: 'binary' }), { minKeys: 1 })
    const always = { provider: word, region: word, gpu: word, node_id: word }
    const readiness = fc.oneof(
      fc.record({ path: word.map((path) => `/${path}`), port: count }),
      fc.record({ timeout: fc.constantFrom('90s', '1h') }),
      fc.record({ from: fc.constantFrom(...READINESS_FROM) }),
    )
    const spot = fc.constant(true as const)
    const expose = fc.constant(false as const)
    const mode = fc.constantFrom(...LAUNCH_MODES)
    const machine = { gpu_count: count, disk_size: count, use_spot: spot }
    const maybe = { ...machine, envs, mode, readiness, expose }
    const optional = fc.record(maybe, { requiredKeys: [] })
    const ofModel = fc.record({ model: word, vllm_args: word, tensor_parallel: count })
    const ofTask = fc.record({ task: fc.string({ minLength: 1 }), model: word })
    const requests = fc.tuple(fc.record(always), optional, fc.oneof(ofModel, ofTask))
    fc.assert(
      fc.property(requests, ([first, second, third]) => {
        const request = { ...first, ...second, ...third }
        expect(requestOf(draftOf(request))).toEqual(request)
      }),
    )
  })

  test('that was refused shows the lines it was refused for', () => {
    const task = 'name: x\nenvs:\n  A: [1]\n'
    const words = 'the task cannot be launched: "envs.A" must be a single value; "run" is missing'
    expect(linesOfFault(words, task)).toEqual([3])
    expect(linesOfFault('it is not YAML: Flow sequence … (line 2)', task)).toEqual([2])
    expect(linesOfFault('', task)).toEqual([])
  })
})

test('the most recently viewed logs are those that stream', () => {
  const told: string[] = []
  const slots = createStreamSlots(2)
  const [a, b, c] = ['a', 'b', 'c'].map((name) => slots.acquire(() => told.push(name)))
  expect([a, b, c].map((slot) => slot?.isStreaming())).toEqual([false, true, true])
  expect(told).toEqual(['a'])
  a?.touch()
  expect([a, b, c].map((slot) => slot?.isStreaming())).toEqual([true, false, true])
  expect(told.splice(0).sort()).toEqual(['a', 'a', 'b'])
  c?.release()
  // A slot that was released changes nothing any more.
  c?.release()
  c?.touch()
  expect([a, b].map((slot) => slot?.isStreaming())).toEqual([true, true])
  expect(told).toEqual(['b'])
})

test('times are short and say what they are', () => {
  expect([400, 61_000, 3_600_000, 90_061_000, 1e9].map(span)).toEqual([
    '0s',
    '1m1s',
    '1h',
    '1d1h',
    '11d14h',
  ])
  const at = Date.UTC(2024, 0, 15, 10, 30, 5, 70)
  expect(timeOf(at, 'utc', 0)).toBe('10:30:05.070')
  expect(timeOf(at, 'since start', at - 65_200)).toBe('+01:05.2')
  expect(timeOf(at, 'since start', at + 3_700_000)).toBe('-1:01:40.0')
  expect(timeOf(Number.NaN, 'local', 0)).toBe('–')
})

describe('the changes from one request to another', () => {
  test.each([
    ['nothing', { a: 1, b: { c: [1, 2] } }, { a: 1, b: { c: [1, 2] } }, {}],
    ['a value', { a: 1, b: 2 }, { a: 3, b: 2 }, { a: 3 }],
    [
      'a field that is new, and one that is gone',
      { a: 1 },
      { b: 2, c: undefined },
      { a: null, b: 2 },
    ],
    [
      'something inside',
      { envs: { A: '1', B: '2' } },
      { envs: { B: '3' } },
      { envs: { A: null, B: '3' } },
    ],
    ['a list, as a whole', { places: [1, 2] }, { places: [2] }, { places: [2] }],
  ])('%s', (_, before, after, patch) => {
    expect(patchTo(before, after)).toEqual(patch)
  })
})
