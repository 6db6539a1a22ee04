import type { LogEntry } from '@launchtail/client'
import { parseQuery } from '@launchtail/client/query'
import { describe, expect, it } from 'vitest'
import { ENTRY, type Example, LAUNCH, NOW, QUESTIONS } from '../../../scripts/questions.js'

describe('the questions of docs/query.md', () => {
  it('are fifteen', () => {
    expect(QUESTIONS).toHaveLength(15)
  })
  for (const { asks, query, finds, passesOver } of QUESTIONS) {
    it(`${asks}: ${query}`, () => {
      for (const example of finds) expect([example, found(query, example)]).toEqual([example, true])
      for (const example of passesOver) {
        expect([example, found(query, example)]).toEqual([example, false])
      }
    })
  }
})

/** A query, messages that it finds, and messages that it does not. */
const TEXTS: readonly (readonly [string, string[], string[]])[] = [
  ['error', ['RuntimeError', 'ERROR', 'an error.'], ['errors', 'terror']],
  ['vllm', ['vLLM', 'VLLM', 'vllm-1'], ['vllms']],
  ['outofmemory', ['OutOfMemoryError'], ['out of memory']],
  ['memoryerror', ['OutOfMemoryError'], ['MemoryLeakError']],
  ['us-west-2', ['us-west-2', 'US_WEST_2'], ['us-west-2a', 'us-west']],
  ['us-west-2*', ['us-west-2', 'us-west-2a'], ['us-west']],
  ['capac*', ['capacity', 'CapacityError'], ['incapable']],
  ['*city', ['capacity', 'city'], ['cityscape']],
  ['*apac*', ['InsufficientInstanceCapacity'], ['apec']],
  ['Deep?eek', ['DeepSeek', 'deepseek'], ['deepeek', 'deepsseek']],
  ['*', ['x'], ['', '...']],
  ['"out of memory"', ['Out Of Memory', 'out/of/memory', 'OutOfMemoryError'], ['out memory of']],
  ['"a*b"', ['a b', 'a*b'], ['axb']],
  ['10:30:00', ['at 10:30:00, UTC', '10 30 00'], ['10:31:00']],
  ['error: no', ['error no'], ['error']],
  ['/opt/hub/cache', ['/opt/hub/cache/x', 'opt hub cache'], ['/opt/cache']],
  ['\\OR', ['or'], ['and']],
  ['and', ['this and that'], ['nand']],
  ['/OOM/', ['xOOMx'], ['oom']],
  ['/OOM/i', ['bloom'], ['om']],
  ['/^b/m', ['a\nb'], ['ab']],
  ['/a.b/s', ['a\nb'], ['ab']],
  ['/a.b/', ['a-b'], ['a\nb']],
  ['/[/]x/', ['a/x'], ['ax']],
  ['a b', ['b a'], ['a', 'b']],
  ['a OR b', ['a', 'b'], ['c']],
  ['a b OR c', ['c', 'a b'], ['a', 'b']],
  ['a (b OR c)', ['a c'], ['c', 'a']],
  ['a -b', ['a', 'a c'], ['a b', 'b']],
  ['NOT a', ['b', ''], ['a']],
  ['-(a b)', ['a', 'b'], ['a b']],
  ['', ['anything'], []],
  ['message:x', ['x'], ['y']],
  ['message:="Exactly this."', ['exactly this.'], ['exactly this', 'Exactly this. Or more']],
  ['message:=load*', ['Loading weights'], ['Now loading']],
  ['message:(a -b)', ['a'], ['a b', 'b']],
  ['message:(a OR NOT b)', ['a b', 'c'], ['b']],
  ['-message:*', [''], ['x']],
  ['NOT NOT a', ['a'], ['b']],
  // Traps.
  ['σοφός', ['ΣΟΦΌΣ', 'ΣοφόςΚαλός', 'σοφός'], ['σοφο']],
  ['e\u0301t\u00e9', ['\u00e9te\u0301', 'ÉTÉ'], ['ete']],
  ['\ufdfa', ['\ufdfa'], ['صلى']],
  ['*加载*', ['正在加载模型'], ['模型']],
  ['istanbul', ['Istanbul'], ['İstanbul']],
  ['p*', ['prompt'], ['=q']],
  ['NEAR', ['near'], ['far']],
  ['aGVsbG9Xb3JsZEhlbGxvV29ybGQ', ['aGVsbG9Xb3JsZEhlbGxvV29ybGQ='], ['hello']],
]

describe('in a message', () => {
  for (const [query, finds, passesOver] of TEXTS) {
    it(`${query || 'nothing'} finds ${finds.join(', ')}`, () => {
      for (const message of finds) {
        expect([message, found(query, { message })]).toEqual([message, true])
      }
      for (const message of passesOver) {
        expect([message, found(query, { message })]).toEqual([message, false])
      }
    })
  }
})

describe('an entry', () => {
  const cases: readonly (readonly [string, Example, boolean])[] = [
    ['"out of"', { message: 'out', details: 'of' }, false],
    ['out of', { message: 'out', details: 'of' }, true],
    ['weights', { message: '', details: 'weights' }, true],
    ['level:(error OR warn)', { level: 'warn' }, true],
    ['level:error,debug', { level: 'debug' }, true],
    ['level:error,debug', { level: 'warn' }, false],
    ['level:info..warn', { level: 'warn' }, true],
    ['level:info..warn', { level: 'error' }, false],
    ['level:warn', { level: 'error' }, false],
    ['level:<warn', { level: 'info' }, true],
    ['LEVEL:ERROR', { level: 'error' }, true],
    ['phase:>=installing', { phase: 'model_loading' }, true],
    ['phase:>=installing', { phase: 'failed' }, false],
    ['-phase:>=installing', { phase: 'failed' }, true],
    ['phase:failed', { phase: 'failed' }, true],
    ['phase:..installing', { phase: 'queued' }, true],
    ['progress:>50', {}, false],
    ['-progress:>50', {}, true],
    ['progress:0', { progress: 0 }, true],
    ['progress:*', { progress: 0 }, true],
    ['progress:50..', { progress: 99.5 }, true],
    ['progress:..50', { progress: 50.5 }, false],
    ['timestamp:2026-11-22', { timestamp: '2026-11-22T23:59:59.999999999Z' }, true],
    ['timestamp:2026-11-22', { timestamp: '2026-11-23T00:00:00Z' }, false],
    ['timestamp:>2026-11-22', { timestamp: '2026-11-23T00:00:00Z' }, true],
    ['timestamp:>2026-11-22', { timestamp: '2026-11-22T12:00:00Z' }, false],
    ['timestamp:<=2026-11-22', { timestamp: '2026-11-22T12:00:00Z' }, true],
    ['timestamp:<2026-11-22', { timestamp: '2026-11-21T23:59:59.9Z' }, true],
    ['timestamp:today', { timestamp: '2026-11-23T00:00:00Z' }, true],
    ['timestamp:yesterday', { timestamp: '2026-11-23T00:00:00Z' }, false],
    [
      'timestamp:>2026-11-23T10:00:00.5+01:00',
      { timestamp: '2026-11-23T09:00:00.500000001Z' },
      true,
    ],
    ['timestamp:>2026-11-23T10:00:00.5+01:00', { timestamp: '2026-11-23T09:00:00.5Z' }, false],
    ['timestamp:2026-11-21..2026-11-22', { timestamp: '2026-11-22T23:00:00Z' }, true],
    ['timestamp:<now', {}, true],
    ['gpu:A100', {}, true],
    ['gpu:=A100', {}, false],
    ['gpu:=a100-80gb', {}, true],
    ['gpu:="A100*"', {}, false],
    ['gpu:=A100*', {}, true],
    ['node:="my box"', { launch: { name: 'My Box' } }, true],
    ['model:/^meta-/', {}, true],
    ['spot:false', {}, true],
    ['spot:true', {}, false],
    ['cause:*', {}, false],
    ['cause:no_capacity', { launch: { failure: { code: 'no_capacity' } } }, true],
    ['cluster:*', { launch: { cluster_name: '' } }, false],
  ]
  for (const [query, example, expected] of cases) {
    it(`${expected ? 'is' : 'is not'} found by ${query}: ${JSON.stringify(example)}`, () => {
      expect(found(query, example)).toBe(expected)
    })
  }

  it('of a node without a record fails every test of the launch', () => {
    const predicate = (query: string) => parseQuery(query).predicate({ now: NOW })
    expect(predicate('spot:false')(ENTRY, undefined)).toBe(false)
    expect(predicate('-spot:false')(ENTRY, undefined)).toBe(true)
  })
})

describe('a query that is understood', () => {
  const texts: readonly (readonly [string, string])[] = [
    ['  a   AND b ', 'a b'],
    ['a OR (b c) OR (d OR e)', 'a OR b c OR d OR e'],
    ['level:(error OR warn) -x', '(level:error OR level:warn) -x'],
    ['NOT (a b)', '-(a b)'],
    ['NOT NOT a', 'NOT -a'],
    ['"a b"', '"a b"'],
    ['a\\ b', '"a b"'],
    ['\\-a', '\\-a'],
    ['message:a\\.\\.b', 'message:a\\..b'],
    ['progress:50..', 'progress:50..'],
    ['/a b/smi', '/a b/ims'],
  ]
  for (const [given, text] of texts) {
    it(`${given} is told as ${text}`, () => {
      expect(parseQuery(given).text).toBe(text)
    })
  }

  it('tells what it needs', () => {
    expect(parseQuery('a')).toMatchObject({
      asksLaunch: false,
      isRelative: false,
      hasPatterns: false,
    })
    expect(parseQuery('gpu:a timestamp:>-2h /a/')).toMatchObject({
      asksLaunch: true,
      isRelative: true,
      hasPatterns: true,
    })
  })

  it('hints at what may have been meant otherwise', () => {
    expect(parseQuery('a or b').hints).toEqual(["'or' is a word here; the operator is written OR"])
    expect(parseQuery('level:warn').hints).toEqual([
      'level:warn finds exactly this level; level:>=warn also finds the more serious ones',
    ])
    expect(parseQuery('level:error a').hints).toEqual([])
  })
})

function found(query: string, { launch, ...changes }: Example): boolean {
  const entry: LogEntry = { ...ENTRY, ...changes }
  return parseQuery(query).predicate({ now: NOW })(entry, { ...LAUNCH, ...launch })
}
