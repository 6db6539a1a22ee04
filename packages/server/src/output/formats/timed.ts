import { CAPITALS, DIGITS, TIME } from '../envelopes/envelope.js'
import { ANY_LEVEL, type Format, LEVEL, levelOf, type Record, SOURCE } from './format.js'

const BEGIN = new RegExp(`^(?:(${TIME})|\\[(${TIME})\\])`)

const NAME = '[A-Za-z_][\\w.:/-]{0,100}'

/** What follows the time, with groups for level and logger. What is behind is the message. */
const FORMS: readonly (readonly [name: string, when: RegExp])[] = [
  // Python's logging in its common patterns, LMDeploy and TGI's Gaudi build with a source behind.
  [
    'dashes',
    new RegExp(`^ - (?:(?<logger>${NAME}) - )?(?<level>${LEVEL}) - (?:(?<source>${SOURCE}) - )?`),
  ],
  [
    'loguru',
    new RegExp(`^ \\| (?<level>${LEVEL}) {0,6} \\| (?:(?<logger>[^\\s|]{1,200}:\\d{1,7}) - )?`),
  ],
  // gunicorn and DeepSpeed.
  [
    'brackets',
    new RegExp(
      `^ (?:\\[\\d{1,10}\\] )?\\[(?<level>${ANY_LEVEL})\\] {0,4}(?:\\(\\w{1,40}\\) )?(?:\\[(?<logger>[^\\]\\s]{1,200})\\] )?`,
    ),
  ],
  ['kserve', new RegExp(`^ (?:\\d{1,10} )?(?<logger>${NAME}) (?<level>${LEVEL}) (?=\\[)`)],
  ['ray', new RegExp(`^ {1,4}(?<level>${LEVEL}) (?<logger>${SOURCE}) -- `)],
  [
    'log4j',
    new RegExp(`^ \\[[^\\]]{1,100}\\] {1,4}(?<level>${LEVEL}) {1,4}(?:(?<logger>${NAME}) - )?`),
  ],
  ['tensorflow', new RegExp(`^: (?<level>[IWEF]) (?<logger>${SOURCE})\\] `)],
  [
    'tracing',
    // Not vLLM's own head behind somebody else's time.
    new RegExp(
      `^ {1,4}(?<level>${LEVEL})(?! {1,4}\\d\\d-\\d\\d \\d\\d:|:| \\d{4}-)(?: {1,8}|$)(?:\\[[^\\]\\s]{1,100}\\] {1,4})?(?<logger>(?:[a-z][\\w-]{0,60}(?:\\{[^{}]{0,200}\\})?: ){0,3}?[a-z]\\w{0,60}(?:(?:::|_)\\w{1,60}){1,8}: (?:[\\w./-]{1,200}\\.rs:\\d{1,7}: )?)?`,
    ),
  ],
]

/** Forms that begin with a calendar time and name a level behind it. */
const LEVEL_FIRST = new RegExp(
  `^(${LEVEL}) {1,4}(${TIME}) (?:([\\w.:/-]{1,100}(?: \\d{1,10})?) -- |- )?`,
)

export const timed: readonly Format[] = [
  {
    name: 'level-first',
    first: CAPITALS,
    parse(line) {
      const match = LEVEL_FIRST.exec(line)
      // A cloud's log viewer names the container next: that is an envelope.
      if (!match || line.startsWith('[', match[0].length)) return undefined
      const [head, level, at, logger] = match
      return { level: levelOf(level), at, logger, message: line.slice(head.length) }
    },
    examples: [['ERROR 2025-06-11 13:15:51,444 controller 45327 -- It broke', 'error', 'It broke']],
  },
  {
    name: 'timed',
    first: `${DIGITS}[`,
    parse(line) {
      const begin = BEGIN.exec(line)
      if (!begin) return undefined
      const at = begin[1] ?? begin[2]
      const rest = line.slice(begin[0].length)
      for (const [, when] of FORMS) {
        const match = when.exec(rest)
        const record = match && recordOf(match, rest, at)
        if (record) return record
      }
      return undefined
    },
    examples: [
      ['2024-01-02 03:04:05,678 - a.b - ERROR - It broke', 'error', 'It broke'],
      ['2024-01-02 03:04:05,678 - lmdeploy - INFO - engine.py:195 - Ready', 'info', 'Ready'],
      ['2024-01-02 03:04:05.678 | WARNING  | a.b:c:1 - Watch out', 'warn', 'Watch out'],
      ['[2024-01-02 03:04:05 +0000] [7] [INFO] Booting', 'info', 'Booting'],
      ['[2024-01-02 03:04:05,678] [WARNING] [a.py:1:b] Watch out', 'warn', 'Watch out'],
      ['2024-01-02 03:04:05.678 7 kserve INFO [a.py:b():1] Ready', 'info', '[a.py:b():1] Ready'],
      ['2024-01-02 03:04:05,678 INFO commands.py:276 -- Cluster', 'info', 'Cluster'],
      ['2024-01-02 03:04:05,678 [main] ERROR c.x.Y - It broke', 'error', 'It broke'],
      ['2024-01-02 03:04:05.678: W tensorflow/a.cc:12] Watch out', 'warn', 'Watch out'],
      ['2024-01-02T03:04:05Z  WARN text_generation_launcher: Watch out', 'warn', 'Watch out'],
      ['2024-01-02T03:04:05Z ERROR a_b::c: core/src/lib.rs:28: It broke', 'error', 'It broke'],
      ['2024-01-02 03:04:05 ERROR It broke', 'error', 'It broke'],
    ],
  },
]

function recordOf(
  match: RegExpExecArray,
  rest: string,
  at: string | undefined,
): Omit<Record, 'format'> | undefined {
  const { level, logger, source } = match.groups ?? {}
  const known = levelOf(level)
  if (!known) return undefined
  const name = [logger?.replace(/: $/, ''), source].filter(Boolean).join(' ') || undefined
  return { level: known, logger: name, at, message: rest.slice(match[0].length) }
}
