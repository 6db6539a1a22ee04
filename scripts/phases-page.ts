// `docs/phases.md`: what a launch's output means, from the tables the server goes by.
import { PHASE_TABLE } from '../packages/client/src/protocol/phases.js'
import { formatDuration } from '../packages/client/src/protocol/time.js'
import { SILENCE } from '../packages/server/src/nodes/stall.js'
import { CAUSES, type Cause, UNKNOWN } from '../packages/server/src/output/causes/index.js'
import { compose, docker } from '../packages/server/src/output/interpret/docker.js'
import { huggingFace } from '../packages/server/src/output/interpret/huggingface.js'
import type { Rule } from '../packages/server/src/output/interpret/index.js'
import { pip } from '../packages/server/src/output/interpret/pip.js'
import { server } from '../packages/server/src/output/interpret/server.js'
import { skypilot } from '../packages/server/src/output/interpret/skypilot.js'
import { skypilotOld } from '../packages/server/src/output/interpret/skypilot-old.js'
import { uv } from '../packages/server/src/output/interpret/uv.js'
import { vllm } from '../packages/server/src/output/interpret/vllm.js'

const TOOLS: readonly (readonly [string, readonly Rule[]])[] = [
  ['SkyPilot', skypilot],
  ['SkyPilot until the middle of 2024', skypilotOld],
  ['pip', pip],
  ['uv', uv],
  ['docker', docker],
  ['docker compose', compose],
  ['The Hugging Face hub', huggingFace],
  ['vLLM', vllm],
  ['Any server', server],
]

export function phasesPage(): string {
  return `# Phases, causes and silence

<!-- Made from the server's own tables by \`npm run docs\`; do not edit. -->

What a launch prints is read by tables. Each expression is tried on a line's own words: without the
prefix of whoever wrote it (\`(task, pid=7)\`), without level, time and source file, without marks and
spinners.

## Phases

${table(
  ['Phase', 'Percent', 'What it is'],
  PHASE_TABLE.map(({ name, from, to, description }) => [
    code(name),
    name === 'failed' ? 'as reached' : from === to ? `${from}` : `${from} to ${to}`,
    description,
  ]),
)}

Neither phase nor progress goes back within a launch. No line makes a launch \`active\` or \`failed\`: it
is \`active\` when its health check answers, and \`failed\` when its launcher says that it is over.

## Rules

The first rule that fits counts. *From the line* is progress that the line itself tells; *on from* a
number is a step of work whose amount nobody knows: each such line goes a little further.

${TOOLS.map(([name, rules]) => `### ${name}\n\n${table(['Line', 'Phase', 'Percent', 'Level'], rules.map(ruleRow))}`).join('\n\n')}

## Causes

When a launch fails, the \`failed\` entry's message is the line that names the first real cause, and its
details say what that means, what to do, and what the launcher said. The node's record has it as
\`failure\`: \`code\`, \`phase\`, \`message\`, \`advice\`, \`details\`. A node whose log is sent in gets its
\`failure\` in the same way.

1. A line that is **sure** of a cause counts for more than one of a failure that launches survive
   (**may pass**); the first of its kind counts.
2. Where no line fits a row, the last exception of the first traceback is the message.
3. Lines that only stand for what failed before them (**stands for another**) give their code where
   nothing else does.
4. A launch that goes on to its next phase, or goes on with its setup, has survived what came before. So
   a place without capacity is no cause once another had room.
5. Warnings are sure of nothing. What a restarted server says again is not looked at.

${CAUSES.map(causeText).join('\n\n')}

### \`${UNKNOWN.code}\`

${UNKNOWN.means} ${UNKNOWN.advice}

## Silence

When nothing has come for three times as long as the phase as a whole usually takes at most (the 95th
percentile of five or more past launches, and a minute at least), one warning is stored and the node is
\`stalled\` until the next line. Past launches are those of the same provider, GPU and model; where these
are fewer than five, of the same provider and GPU, then of the same provider. Without such a past:

${table(
  ['Phase', 'Nothing for'],
  Object.entries(SILENCE).map(([phase, ms]) => [code(phase), formatDuration(ms)]),
)}

\`eta_seconds\` is the median of what past launches took from here on, by the same choice of launches.
It is there when there are five or more.

## Adding a rule or a cause

**A rule** is one row in the tool's table in \`packages/server/src/output/interpret/\`:

\`\`\`ts
{ when: /^Successfully installed \\S/, phase: 'installing', progress: 70 },
\`\`\`

and one fixture: the line, and what it gives, in \`packages/server/test/interpret.test.ts\`.

**A cause** is one row in a table in \`packages/server/src/output/causes/\`:

\`\`\`ts
{
  code: 'kv_cache_too_small',
  when: [/\\bNo available memory for the cache blocks\\b/],
  means: 'After the weights no GPU memory is left for the KV cache.',
  advice: 'Use a GPU with more memory.',
},
\`\`\`

and one fixture for each of its expressions in \`packages/server/test/causes.test.ts\`, which fails while
one is missing. \`when\` is sure, \`maybe\` may pass, \`wraps\` stands for another.

Expressions run on hostile text: begin with \`^\` where the words do, and bound what repeats (\`{1,80}\`).
Then run \`npm run docs\`.
`
}

function ruleRow({ when, phase, progress, level }: Rule): string[] {
  return [code(when.source), phase ? code(phase) : '', percent(progress), level ?? '']
}

/** A function's answer to no line at all: only one that goes by the line has none. */
function percent(progress: Rule['progress']): string {
  if (typeof progress !== 'function') return progress === undefined ? '' : `${progress}`
  const none = Object.assign([], { index: 0, input: '' }) as unknown as RegExpMatchArray
  const first = progress(none, { phase: 'queued', progress: 0 })
  return Number.isFinite(first) ? `on from ${first}` : 'from the line'
}

function causeText({ code: name, when, maybe, wraps, last, phases, means, advice }: Cause): string {
  const rows = [
    ...(when ?? []).map((one) => [code(one.source), 'sure']),
    ...(maybe ?? []).map((one) => [code(one.source), 'may pass']),
    ...(wraps ?? []).map((one) => [code(one.source), 'stands for another']),
  ]
  const only = [
    ...(last ? ['Only as the last word on a launch.'] : []),
    ...(phases ? [`Only in ${phases.map(code).join(', ')}.`] : []),
  ]
  const text = [`${means} ${advice}`, ...only].join(' ')
  return `### \`${name}\`\n\n${text}\n\n${table(['Line', ''], rows)}`
}

function table(heads: string[], rows: string[][]): string {
  const lines = [heads, heads.map(() => '---'), ...rows]
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

/** Code in a table's cell: a bar would end the cell, and a backtick the code. */
function code(text: string): string {
  const fence = text.includes('`') ? '``' : '`'
  return `${fence}${text.replaceAll('|', '\\|')}${fence}`
}
