import { CAPITALS } from '../envelopes/envelope.js'
import { type Format, LEVEL, levelOf } from './format.js'

const DAY = '\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d(?:[.,]\\d{1,9})?'

/** vLLM's `INFO 03-18 06:54:54 [file.py:12] ` and the older `INFO 03-18 06:54:54 file.py:12] `. */
const VLLM = new RegExp(
  `^(DEBUG|INFO|WARNING|ERROR|CRITICAL) (${DAY}) \\[?([^\\s\\]]{1,200}:\\d{1,7})\\](?: |$)`,
)
/** SkyPilot's `I 03-18 06:54:54 file.py:12] `, with its process in newer versions. */
const SKYPILOT = new RegExp(
  `^([DIWEFC]) (${DAY}) (?:PID=(\\d{1,10}) )?\\[?([^\\s\\]]{1,200}:\\d{1,7})\\](?: |$)`,
)
/** Python's own `WARNING:root:words`. */
const PLAIN = new RegExp(`^(${LEVEL}):([A-Za-z_][\\w.-]{0,100}):(?= {0,40}\\S)`)

export const python: readonly Format[] = [
  {
    name: 'vllm',
    first: 'DIWEC',
    parse(line) {
      const match = VLLM.exec(line)
      if (!match) return undefined
      const [head, level, at, logger] = match
      return { level: levelOf(level), at, logger, message: line.slice(head.length) }
    },
    examples: [
      ['ERROR 01-02 03:04:05 [core.py:7] It broke', 'error', 'It broke'],
      ['INFO 01-02 03:04:05 llm_engine.py:70] Ready', 'info', 'Ready'],
    ],
  },
  {
    name: 'skypilot',
    first: 'DIWEFC',
    parse(line) {
      const match = SKYPILOT.exec(line)
      if (!match) return undefined
      const [head, level, at, pid, logger] = match
      const message = line.slice(head.length)
      return { level: levelOf(level), at, logger, message, ...(pid !== undefined && { pid }) }
    },
    examples: [['W 01-02 03:04:05 instance.py:9] Got return code 8', 'warn', 'Got return code 8']],
  },
  {
    name: 'python',
    first: CAPITALS,
    parse(line) {
      const match = PLAIN.exec(line)
      if (!match) return undefined
      const [head, level, logger] = match
      return { level: levelOf(level), logger, message: line.slice(head.length) }
    },
    examples: [['WARNING:root:Watch out', 'warn', 'Watch out']],
  },
]
