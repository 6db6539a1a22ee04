import { DIGITS } from '../envelopes/envelope.js'
import { type Format, levelOf } from './format.js'

/** Google's: Triton, Kubernetes, and torch with a bracket before it. The year is left out, or more. */
const GLOG =
  /^\[?([IWEFCD])(\d{3,4}|\d{8}) (\d\d:\d\d:\d\d(?:\.\d{1,9})?) {1,8}(?:(\d{1,10}) {1,4})?([^\s\]]{1,200}:\d{1,7})\](?: |$)/
/** Go's own log with the file, and perhaps a level of slog's. */
const GO =
  /^(\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})?) ([\w./-]{1,200}\.go:\d{1,7}): (?:(DEBUG|INFO|WARN|ERROR|FATAL) )?/
const QUOTED = /^"(.*)"$/

export const glog: readonly Format[] = [
  {
    name: 'glog',
    first: 'IWEFCD[',
    parse(line) {
      const match = GLOG.exec(line)
      if (!match) return undefined
      const [head, level, day, time, , logger] = match
      const rest = line.slice(head.length)
      const message = QUOTED.exec(rest)?.[1] ?? rest
      return { level: levelOf(level), at: `${day} ${time}`, logger, message }
    },
    examples: [
      ['I0120 08:28:08.584464 2049 server.cc:107] "Started"', 'info', 'Started'],
      ['[W716 18:00:15.699122696 socket.cpp:764] [c10d] Watch out', 'warn', '[c10d] Watch out'],
      ['E0716 18:21:22.792000 132331 torch/a.py:874] It broke', 'error', 'It broke'],
    ],
  },
  {
    name: 'go',
    first: DIGITS,
    parse(line) {
      const match = GO.exec(line)
      if (!match) return undefined
      const [head, at, logger, level] = match
      return { level: levelOf(level), at, logger, message: line.slice(head.length) }
    },
    examples: [
      ['2025/02/02 09:23:09 routes.go:1187: INFO server config', 'info', 'server config'],
      ['2023/12/24 23:48:35 llama.go:525: runner stopped', undefined, 'runner stopped'],
    ],
  },
]
