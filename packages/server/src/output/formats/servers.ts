import { DIGITS, LETTERS } from '../envelopes/envelope.js'
import { ANY_LEVEL, type Format, LEVEL, levelOf } from './format.js'

const SGLANG = /^\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)((?: (?:DP|TP|PP|EP|CP)\d{1,5}){0,5})\](?: |$)/
const TENSORRT = new RegExp(
  `^(?:\\[(\\d\\d\\/\\d\\d\\/\\d{4}-\\d\\d:\\d\\d:\\d\\d)\\] )?\\[(?:TRT-LLM|TensorRT-LLM|TRT)\\] ?\\[(?:(?:MPI_)?[Rr]ank (\\d{1,5})\\] ?\\[)?(${LEVEL}|[VIWEF])\\](?:\\[(?:RANK )?(\\d{1,5})\\])? ?`,
)
const LLAMA = /^(\d{1,6}\.\d\d\.\d{3}\.\d{3}) ([DIWE])(?: |$)/
const NCCL =
  /^(?:\[[^\]]{1,60}\] )?[\w.-]{1,253}:\d{1,10}:\d{1,10} \[(\d{1,5})\] (?:[\w./]{1,100}:\d{1,6} )?NCCL (INFO|WARN|TRACE|ABORT)(?: |$)/
const UCX =
  /^\[\d{6,12}\.\d{1,6}\] \[[^\]]{1,100}\] {1,20}[\w.]{1,60}:\d{1,6} {1,4}UCX {1,4}(ERROR|WARN|INFO|DEBUG|DIAG|FATAL) {1,4}/
const BRACKET = new RegExp(`^\\[ {0,2}(${ANY_LEVEL}|[IWEF]) {0,2}\\](?::? |$)`)
const ACTIONS =
  /^(?:##\[(error|warning|notice|debug)\]|::(error|warning|notice|debug)(?: [^:]{1,300})?::)/

/** Servers of models, and what is linked into them. */
export const servers: readonly Format[] = [
  {
    name: 'sglang',
    first: '[',
    parse(line) {
      const match = SGLANG.exec(line)
      if (!match) return undefined
      const [head, at, ranks = ''] = match
      const rank = /TP(\d+)/.exec(ranks)?.[1]
      const replica = /DP(\d+)/.exec(ranks)?.[1]
      const message = line.slice(head.length)
      return { at, message, ...(rank && { rank }), ...(replica && { replica }) }
    },
    examples: [
      ['[2026-01-02 03:04:07 DP0 TP1] Load weight begin.', undefined, 'Load weight begin.'],
    ],
  },
  {
    name: 'tensorrt-llm',
    first: '[',
    parse(line) {
      const match = TENSORRT.exec(line)
      if (!match) return undefined
      const [head, at, before, level, behind] = match
      const rank = before ?? behind
      const message = line.slice(head.length)
      return { level: levelOf(level), at, message, ...(rank !== undefined && { rank }) }
    },
    examples: [
      ['[05/13/2026-21:26:25] [TRT-LLM] [W] Watch out', 'warn', 'Watch out'],
      ['[TensorRT-LLM][ERROR] It broke', 'error', 'It broke'],
    ],
  },
  {
    name: 'llama.cpp',
    first: DIGITS,
    parse(line) {
      const match = LLAMA.exec(line)
      if (!match) return undefined
      const [head, at, level] = match
      return { level: levelOf(level), at, message: line.slice(head.length) }
    },
    examples: [['0.01.074.300 W llama_context: Watch out', 'warn', 'llama_context: Watch out']],
  },
  {
    name: 'nccl',
    first: `${LETTERS}${LETTERS.toUpperCase()}${DIGITS}[`,
    parse(line) {
      if (!line.includes(' NCCL ')) return undefined
      const match = NCCL.exec(line)
      if (!match) return undefined
      const [head, rank, level] = match
      return {
        level: levelOf(level),
        rank: rank as string,
        logger: 'NCCL',
        message: line.slice(head.length),
      }
    },
    examples: [['gpu-host:7:9 [1] NCCL WARN Watch out', 'warn', 'Watch out']],
  },
  {
    name: 'ucx',
    first: '[',
    parse(line) {
      const match = UCX.exec(line)
      if (!match) return undefined
      return { level: levelOf(match[1]), logger: 'UCX', message: line.slice(match[0].length) }
    },
    examples: [
      ['[1778707580.123456] [host:1607 :0]      parser.c:2036 UCX  WARN  unused', 'warn', 'unused'],
    ],
  },
  {
    name: 'github-actions',
    first: '#:',
    parse(line) {
      const match = ACTIONS.exec(line)
      if (!match) return undefined
      return { level: levelOf(match[1] ?? match[2]), message: line.slice(match[0].length) }
    },
    examples: [['##[error]It broke', 'error', 'It broke']],
  },
  {
    name: 'bracket',
    first: '[',
    parse(line) {
      const match = BRACKET.exec(line)
      if (!match) return undefined
      return { level: levelOf(match[1]), message: line.slice(match[0].length) }
    },
    examples: [
      ['[warn] Watch out', 'warn', 'Watch out'],
      ['[ERROR] It broke', 'error', 'It broke'],
    ],
  },
]
